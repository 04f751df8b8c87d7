"""The plumbing that every process shares; it knows nothing of orders.

`archive.py` may import: nothing.
`archive_folder.py` may import: archive, durable, said.
`archive_s3.py` may import: archive, posted_url, said.
`bell_message.py` may import: nothing.
`broker.py` may import: consumer, liveness, metrics, middleware, redis_client, said.
`certificate.py` may import: nothing.
`clock_watch.py` may import: nothing.
`consumer.py` may import: bell_message, liveness, metrics, rarely, redis_client.
`crashpoint.py` may import: nothing.
`dead_path.py` may import: nothing.
`die_with_parent.py` may import: nothing.
`durable.py` may import: nothing.
`embedded_redis.py` may import: die_with_parent, private, said.
`health.py` may import: nothing.
`liveness.py` may import: nothing.
`logs.py` may import: rarely, visible_text.
`metric_table.py` may import: nothing.
`metrics.py` may import: metric_table.
`middleware.py` may import: liveness, metrics.
`notify.py` may import: nothing.
`one_time.py` may import: nothing.
`otlp_tracer.py` may import: posted_url.
`password_hash.py` may import: nothing.
`posted_url.py` may import: said.
`private.py` may import: nothing.
`probe.py` may import: nothing.
`rarely.py` may import: nothing.
`redis_client.py` may import: redis_url.
`redis_ping.py` may import: redis_url.
`redis_url.py` may import: said.
`said.py` may import: nothing.
`sealed_passwords.py` may import: said, secrets.
`secrets.py` may import: durable, said.
`sections.py` may import: said.
`service.py` may import: broker, health, liveness, notify, redis_client, steps, stopping.
`settings.py` may import: posted_url, redis_url, said, sections.
`settings_docs.py` may import: sections, settings.
`settings_load.py` may import: said, sections, settings.
`steps.py` may import: broker.
`stopping.py` may import: nothing.
`supervisor.py` may import: die_with_parent, notify, visible_text.
`tracing.py` may import: otlp_tracer, said, settings.
`visible_text.py` may import: nothing.
`webhook.py` may import: posted_url.
"""

{{- define "intergestan.labels" -}}
app.kubernetes.io/name: intergestan
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "intergestan.selector" -}}
app.kubernetes.io/name: intergestan
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "intergestan.uids" -}}
{composer: 10001, sender: 10002, poller: 10003, importer: 10004, dispatcher: 10005, console: 10006, allocator: 10007, geocoder: 10008, cli: 10000}
{{- end }}

{{- define "intergestan.ports" -}}
{composer: 9471, sender: 9472, poller: 9473, importer: 9474, dispatcher: 9475, console: 9476, allocator: 9477, geocoder: 9478}
{{- end }}

{{- define "intergestan.image" -}}
{{ printf "%s%s:%s" .root.Values.image.prefix .service (.root.Values.image.tag | default .root.Chart.AppVersion) }}
{{- end }}

{{- define "intergestan.container" -}}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- /* What every pod has: a user of its own, no token of the cluster, the group of the archive where it needs it. */ -}}
{{- define "intergestan.pod" -}}
{{- $uid := get (include "intergestan.uids" . | fromYaml) .service -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ $uid }}
  runAsGroup: {{ $uid }}
  fsGroup: {{ ternary 10010 $uid (has .service (list "poller" "importer" "dispatcher" "cli")) }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.affinity }}
affinity: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "intergestan.databaseUrl" -}}
{{- $database := .root.Values.database -}}
{{- $role := ternary $database.owner (printf "%s-%s" $database.rolePrefix .service) (eq .service "cli") -}}
{{ printf "postgresql+psycopg://%s@%s:%v/%s" $role $database.host $database.port $database.name }}
{{- end }}

{{- /* Whether a service reads or writes the archive: "yes" or nothing. */ -}}
{{- define "intergestan.readsArchive" -}}
{{ has .service (list "poller" "importer" "dispatcher" "cli") | ternary "yes" "" }}
{{- end }}

{{- /* Whether it mounts the volume of the archive: a bucket is no volume. */ -}}
{{- define "intergestan.mountsArchive" -}}
{{ not .root.Values.archive.bucket.url | ternary (include "intergestan.readsArchive" .) "" }}
{{- end }}

{{- define "intergestan.environment" -}}
- {name: INTERGESTAN_SITE__DATABASE_URL, value: {{ include "intergestan.databaseUrl" . | quote }}}
- {name: INTERGESTAN_SITE__REDIS_URL, value: {{ .root.Values.redis.url | quote }}}
{{- with .root.Values.redis.password }}
- {name: INTERGESTAN_SITE__REDIS_PASSWORD, value: {{ . | quote }}}
{{- end }}
{{- with .root.Values.redis.sentinelPassword }}
- {name: INTERGESTAN_SITE__REDIS_SENTINEL_PASSWORD, value: {{ . | quote }}}
{{- end }}
{{- if include "intergestan.readsArchive" . }}
{{- range $key, $value := .root.Values.archive.bucket }}
{{- if $value }}
- {name: INTERGESTAN_SITE__ARCHIVE_{{ $key | snakecase | upper }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}
{{- end }}
- {name: INTERGESTAN_SITE__LANGUAGE, value: {{ .root.Values.site.language | quote }}}
- {name: INTERGESTAN_SITE__ANSWER_HOURS, value: {{ .root.Values.site.answerHours | quote }}}
{{- with .root.Values.notices.to }}
- {name: INTERGESTAN_NOTICES__TO, value: {{ . | quote }}}
- {name: INTERGESTAN_NOTICES__EVERY_MINUTES, value: {{ $.root.Values.notices.everyMinutes | quote }}}
{{- end }}
{{- end }}

{{- /* Files under /run/secrets: the password of the service's own role, and the keys that it needs. */ -}}
{{- define "intergestan.secrets" -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      - secret:
          name: {{ .root.Values.secrets.database }}
          items:
            - {key: {{ eq .service "cli" | ternary "database-password" (printf "%s-database-password" .service) }}, path: database-password}
      {{- if has .service (list "composer" "cli") }}
      - secret:
          name: {{ .root.Values.secrets.signing }}
      {{- end }}
      {{- $keys := dict "composer" (list "bounce.key") "importer" (list "bounce.key") "sender" (list "base.key") "poller" (list "base.key") "console" (list "console.key") }}
      {{- $keys = get $keys .service | default list }}
      {{- with .root.Values.redis.password }}{{ $keys = append $keys . }}{{ end }}
      {{- with .root.Values.redis.sentinelPassword }}{{ $keys = append $keys . }}{{ end }}
      {{- if include "intergestan.readsArchive" . }}
      {{- with .root.Values.archive.bucket.secret }}{{ $keys = append $keys . }}{{ end }}
      {{- end }}
      {{- if eq .service "geocoder" }}
      {{- with .root.Values.geocoder.key }}{{ $keys = append $keys . }}{{ end }}
      {{- end }}
      {{- if eq .service "cli" }}
      - secret:
          name: {{ .root.Values.secrets.keys }}
      {{- else if $keys }}
      - secret:
          name: {{ .root.Values.secrets.keys }}
          items:
            {{- range $keys }}
            - {key: {{ . }}, path: {{ . }}}
            {{- end }}
      {{- end }}
- name: tmp
  emptyDir: {medium: Memory, sizeLimit: 64Mi}
{{- end }}

{{- /* A way out: to these peers, on these ports. Without peers there is none, for Kubernetes would let everything pass. */ -}}
{{- define "intergestan.egress" -}}
{{- if and .to .ports -}}
- to: {{ toJson .to }}
  ports:
    {{- range .ports }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
{{- end }}
{{- end }}

{{- define "intergestan.archiveClaim" -}}
{{ .Values.archive.existingClaim | default (printf "%s-archive" .Release.Name) }}
{{- end }}

{{- define "intergestan.historyClaim" -}}
{{ .Values.history.existingClaim | default (printf "%s-history" .Release.Name) }}
{{- end }}

{{- /* A claim of our own. Takes root, name, and of: storageClass, accessMode, size. */ -}}
{{- define "intergestan.claim" -}}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ .name }}
  labels: {{- include "intergestan.labels" .root | nindent 4 }}
  annotations:
    # The mails of years, and how far the site came: removing the release must not remove them.
    helm.sh/resource-policy: keep
spec:
  accessModes: [{{ .of.accessMode }}]
  {{- with .of.storageClass }}
  storageClassName: {{ . }}
  {{- end }}
  resources:
    requests: {storage: {{ .of.size }}}
{{- end }}

{{- /* Where a pod has the archive and the high-water file, and the volumes of both. */ -}}
{{- define "intergestan.mounts" -}}
{{- if include "intergestan.mountsArchive" . }}
- {name: archive, mountPath: /var/lib/intergestan/archive, readOnly: {{ eq .service "importer" }}}
{{- end }}
{{- if .root.Values.history.enabled }}
- {name: history, mountPath: /var/lib/intergestan/history, readOnly: {{ not (include "intergestan.writesHistory" .) }}}
{{- end }}
{{- end }}

{{- define "intergestan.volumes" -}}
{{- if include "intergestan.mountsArchive" . }}
- name: archive
  persistentVolumeClaim: {claimName: {{ include "intergestan.archiveClaim" .root }}}
{{- end }}
{{- if .root.Values.history.enabled }}
- name: history
  # Who only reads mounts it so: else each pod would give the volume to its own group.
  persistentVolumeClaim: {claimName: {{ include "intergestan.historyClaim" .root }}, readOnly: {{ not (include "intergestan.writesHistory" .) }}}
{{- end }}
{{- end }}

{{- define "intergestan.writesHistory" -}}
{{ has .service (list "dispatcher" "cli") | ternary "yes" "" }}
{{- end }}

{{- /* KEDA's trigger on a list of bells: at one server, a master that sentinels name, or a cluster, as redis.url has it. */ -}}
{{- define "intergestan.bellsTrigger" -}}
{{- $url := .root.Values.redis.url -}}
{{- $group := regexFind "sentinel|cluster" (splitList "://" $url | first) -}}
- type: {{ list "redis" $group | compact | join "-" }}
  metadata:
    {{ empty $group | ternary "address" "addresses" }}: {{ .root.Values.keda.redisAddress | quote }}
    {{- if eq $group "sentinel" }}
    sentinelMaster: {{ regexReplaceAll "^[^:]+://[^/]*/([^/?]+).*$" $url "${1}" | quote }}
    databaseIndex: {{ regexReplaceAll "^[^:]+://[^/]*/[^/?]+(/([0-9]+))?.*$" $url "${2}" | default "0" | quote }}
    {{- else if eq $group "" }}
    databaseIndex: {{ regexReplaceAll "^[^:]+://[^/?]*(/([0-9]+))?.*$" $url "${2}" | default "0" | quote }}
    {{- end }}
    enableTLS: {{ hasPrefix "rediss" $url | toString | quote }}
    listName: {{ .list | quote }}
    listLength: {{ .root.Values.keda.bellsPerPod | quote }}
  {{- with .root.Values.keda.authentication }}
  authenticationRef: {name: {{ . }}}
  {{- end }}
{{- end }}

{{- /* One service: a Deployment. Takes root, service, name, replicas, args, env, resources. */ -}}
{{- define "intergestan.deployment" -}}
{{- $port := get (include "intergestan.ports" . | fromYaml) .service -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}
  labels:
    {{- include "intergestan.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .service }}
spec:
  {{- if not .scaled }}
  replicas: {{ .replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  selector:
    matchLabels:
      {{- include "intergestan.selector" .root | nindent 6 }}
      app.kubernetes.io/component: {{ .service }}
      intergestan/set: {{ .name }}
  template:
    metadata:
      labels:
        {{- include "intergestan.selector" .root | nindent 8 }}
        app.kubernetes.io/component: {{ .service }}
        intergestan/set: {{ .name }}
    spec:
      {{- include "intergestan.pod" . | nindent 6 }}
      # Longer than the service takes to end what is under way; the sender waits for the reply to its last dot.
      terminationGracePeriodSeconds: {{ eq .service "sender" | ternary 690 45 }}
      containers:
        - name: {{ .service }}
          image: {{ include "intergestan.image" . }}
          {{- include "intergestan.container" .root | nindent 10 }}
          {{- with .args }}
          args: {{ toJson . }}
          {{- end }}
          env:
            {{- include "intergestan.environment" . | nindent 12 }}
            - {name: INTERGESTAN_{{ upper .service }}__HEALTH_ADDRESS, value: 0.0.0.0}
            - {name: INTERGESTAN_{{ upper .service }}__HEALTH_PORT, value: {{ $port | quote }}}
            {{- if eq .service "console" }}
            - {name: INTERGESTAN_CONSOLE__ADDRESS, value: 0.0.0.0}
            - {name: INTERGESTAN_CONSOLE__BEHIND_PROXY, value: "true"}
            - {name: INTERGESTAN_CONSOLE__TRUSTED_PROXIES, value: {{ toJson .root.Values.console.trustedProxies | quote }}}
            - {name: INTERGESTAN_CONSOLE__PUBLIC_URL, value: {{ .root.Values.console.url | quote }}}
            {{- end }}
            {{- range $name, $value := .env }}
            - {name: {{ $name }}, value: {{ $value | quote }}}
            {{- end }}
          ports:
            - {name: metrics, containerPort: {{ $port }}}
            {{- if eq .service "console" }}
            - {name: pages, containerPort: 8470}
            {{- end }}
          startupProbe: {httpGet: {path: /live, port: metrics}, periodSeconds: 2, failureThreshold: 60}
          livenessProbe: {httpGet: {path: /live, port: metrics}, periodSeconds: 20, timeoutSeconds: 5, failureThreshold: 5}
          readinessProbe: {httpGet: {path: /ready, port: metrics}, periodSeconds: 10, timeoutSeconds: 5}
          resources: {{ toYaml .resources | nindent 12 }}
          volumeMounts:
            - {name: secrets, mountPath: /run/secrets, readOnly: true}
            - {name: tmp, mountPath: /tmp}
            {{- include "intergestan.mounts" . | nindent 12 }}
      volumes:
        {{- include "intergestan.secrets" . | nindent 8 }}
        {{- include "intergestan.volumes" . | nindent 8 }}
{{- end }}

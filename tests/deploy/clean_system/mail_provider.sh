#!/bin/sh
# The provider of both sites' mail accounts, on a machine of its own: names, Dovecot and Postfix. $1 is its address, $2 the
# name server that knows the rest of the world. /srv/project has the site's source, /etc/provider key and certificate.
set -eu

apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends dovecot-imapd dovecot-lmtpd postfix dnsmasq

cd /etc/provider
for account in anne@depot appros@depot marc@shop commandes@shop; do
    echo "$account.example:password-of-${account%@*}"
done > accounts
groupadd --gid 5000 vmail
useradd --uid 5000 --gid 5000 --home-dir /var/mail/boxes vmail
install -d -o vmail -g vmail /var/mail/boxes
sed 's#/run/secrets/#/etc/provider/#; /^log_path/d' dovecot.conf > /etc/dovecot/dovecot.conf
chmod 644 accounts

postconf -e \
    "compatibility_level = 3.6" \
    "myhostname = mail.provider.example" \
    "mydestination =" \
    "mynetworks = 127.0.0.0/8" \
    "inet_interfaces = all" \
    "inet_protocols = ipv4" \
    "virtual_mailbox_domains = depot.example shop.example" \
    "virtual_transport = lmtp:unix:private/dovecot-lmtp" \
    "smtpd_tls_security_level = may" \
    "smtpd_tls_cert_file = /etc/provider/mail.crt" \
    "smtpd_tls_key_file = /etc/provider/mail.key" \
    "smtpd_relay_restrictions = reject_unauth_destination"
postconf -F "*/*/chroot=n"
postconf -M "submissions/inet=submissions inet n - n - - smtpd"
postconf -P \
    "submissions/inet/smtpd_tls_wrappermode=yes" \
    "submissions/inet/smtpd_sasl_auth_enable=yes" \
    "submissions/inet/smtpd_sasl_type=dovecot" \
    "submissions/inet/smtpd_sasl_path=private/auth" \
    "submissions/inet/smtpd_relay_restrictions=permit_sasl_authenticated,reject"

{
    printf 'no-resolv\nserver=%s\nlisten-address=%s\nbind-interfaces\nlocal=/example/\n' "$2" "$1"
    for site in depot shop; do
        printf 'host-record=imap.%s.example,smtp.%s.example,%s\n' $site $site "$1"
        printf 'srv-host=_imaps._tcp.%s.example,imap.%s.example,993\n' $site $site
    done
} > /etc/dnsmasq.d/provider.conf
systemctl restart dovecot postfix dnsmasq

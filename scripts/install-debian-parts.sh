#!/usr/bin/env bash
# Installs the Debian packages that the system tests use as counterparts (nothing that the firmware itself needs).
#   scep      micromdm's scepserver and scepclient
#   socat     a pty pair as the serial line
#   strace    kills the board at each fsync and rename
#   mosquitto the MQTT broker that the board's agent and its access rules are proven on
#   openssl   the counterpart for CMS, CSR and TLS
#   systemd   `systemd-analyze security` checks the unit
#   chromium  looks at the report's page as a person would
#   libxml2-utils  xmllint checks the JUnit report against its schema
#   iproute2  network namespaces, in which a peer has a machine of its own
#   wpasupplicant, hostapd  IEEE 802.1X: what the firmware runs, and the authenticator at the other end of the cable
#   podman    runs the SCEP server in a container; runc because podman's own crun fails where limits cannot be raised
#   podman-compose  runs compose.yaml; the dnsname plugin lets its services find each other by name
#   mmdebstrap  makes the image's base where no registry can be reached
#   strongswan-swanctl, charon-systemd, libcharon-extra-plugins  IKE with its daemon (kernel-libipsec: ESP without the kernel's)
#   libstrongswan-extra-plugins  its plugin curl: CRLs and OCSP
#   strongswan-charon  the daemon without systemd, which two network namespaces need
#   nginx-light, cups-ipp-utils, dbus-daemon  daemons that serve the board's key of TLS (ippeveprinter needs a D-Bus), and ipptool, the IPP client
#   iputils-ping  goes through the tunnel
set -euo pipefail
packages=(scep socat strace mosquitto openssl systemd chromium libxml2-utils iproute2 iputils-ping strongswan-swanctl charon-systemd strongswan-charon libcharon-extra-plugins libstrongswan-extra-plugins wpasupplicant hostapd nginx-light cups-ipp-utils dbus-daemon podman runc mmdebstrap podman-compose golang-github-containernetworking-plugin-dnsname)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ "${#missing[@]}" -eq 0 ] && { echo "Debian parts: all there (${packages[*]})"; exit 0; }
echo "Debian parts: installing ${missing[*]}"
sudo=()
[ "$(id -u)" -eq 0 ] || sudo=(sudo)
"${sudo[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null

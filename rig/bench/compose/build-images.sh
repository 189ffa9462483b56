#!/usr/bin/env bash
# Builds the images of compose.yaml where no container registry can be reached: on a base that mmdebstrap makes from the
# Debian mirror of this machine, with the Node, the packages and the built tree of this checkout (npm run build comes first).
#   [ENGINE=docker] build-images.sh [if-needed]
# if-needed: not when the images are there with these packages and these scripts; the built tree may be another.
# Where there is a registry, `docker compose build` does it all.
set -euo pipefail
cd "$(dirname "$0")/../../.."
base=localhost/platen-base
engine=${ENGINE:-$(command -v podman >/dev/null && echo podman || echo docker)}
command -v "$engine" >/dev/null || { echo "build-images.sh: $engine is not here; on Debian: apt-get install podman runc" >&2; exit 69; }
command -v mmdebstrap >/dev/null || { echo "build-images.sh: mmdebstrap is not here; on Debian: apt-get install mmdebstrap" >&2; exit 69; }
run=("$engine")
options=(--network host --build-arg "BASE=$base")
if [ "$engine" = podman ]; then
  # crun fails where limits cannot be raised; in Docker's format the health checks are kept.
  command -v runc >/dev/null && run+=(--runtime runc)
  options+=(--format docker --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 --volume "$(realpath node_modules):/opt/here/node_modules:ro" --volume "$PWD/build:/opt/here/build:ro")
fi

scep=localhost/platen-scep
images=(localhost/platen-rig localhost/platen-board localhost/platen-broker)
made_of=$(cat package-lock.json rig/bench/compose/* | sha256sum | cut -c1-16)
if [ "${1:-}" = if-needed ]; then
  there=$("$engine" image inspect --format '{{index .Config.Labels "platen.made-of"}}' "${images[@]}" 2>/dev/null | sort -u || true)
  "$engine" image inspect "$scep" >/dev/null 2>&1 && [ "$there" = "$made_of" ] && exit 0
fi
options+=(--label "platen.made-of=$made_of")

"$engine" image inspect "$scep" >/dev/null 2>&1 || rig/scep-server/container/build-image.sh mirror

# Unpacked, not installed: no maintainer script runs, and what the services need is all there is.
release=$(. /etc/os-release && [ "${ID:-}" = debian ] && echo "${VERSION_CODENAME:-}" || true)
node=$(realpath "$(command -v node)")
npm=$(dirname "$(dirname "$(realpath "$(command -v npm)")")")
mmdebstrap --quiet --variant=extract --include=bash,dash,coreutils,sed,socat,mosquitto,mosquitto-clients,libstdc++6,libatomic1 \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --extract-hook="copy-in $node /usr/bin" --extract-hook='mkdir -p "$1/usr/lib/node_modules"' --extract-hook="copy-in $npm /usr/lib/node_modules" \
  --extract-hook='ln -s ../lib/node_modules/npm/bin/npm-cli.js "$1/usr/bin/npm"' \
  "${release:-bookworm}" - | "$engine" import - "$base" >/dev/null

"${run[@]}" build "${options[@]}" --tag localhost/platen-rig --target rig --file rig/bench/compose/Containerfile . >/dev/null
"${run[@]}" build "${options[@]}" --tag localhost/platen-board --target board --file rig/bench/compose/Containerfile . >/dev/null
"${run[@]}" build "${options[@]}" --tag localhost/platen-broker --file rig/bench/compose/broker.Containerfile . >/dev/null
echo "$scep" "${images[@]}"

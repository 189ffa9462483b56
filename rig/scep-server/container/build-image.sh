#!/usr/bin/env bash
# Builds the image platen-scep from the Containerfile here, by podman or docker.
#   [ENGINE=docker] build-image.sh [mirror|registry]
# registry: on the Debian image of a container registry. mirror: on a base that mmdebstrap makes from the Debian mirror
# of this machine, which needs no registry. Default: mirror where mmdebstrap is there, else registry.
set -euo pipefail
cd "$(dirname "$0")"
image=localhost/platen-scep
base=localhost/platen-scep-base
source=${1:-$(command -v mmdebstrap >/dev/null && echo mirror || echo registry)}

engine=${ENGINE:-$(command -v podman >/dev/null && echo podman || echo docker)}
command -v "$engine" >/dev/null || { echo "build-image.sh: $engine is not here; on Debian: apt-get install podman runc" >&2; exit 69; }
build=("$engine")
if [ "$engine" = podman ]; then
  # crun fails where limits cannot be raised; in Docker's format the health check is kept.
  command -v runc >/dev/null && build+=(--runtime runc)
  build+=(build --format docker --ulimit nofile=1024:1024 --ulimit nproc=4096:4096)
else
  build+=(build)
fi

arguments=()
case $source in
  registry) ;;
  mirror)
    # Unpacked, not installed: no maintainer script runs, and what the server needs is all there is.
    release=$(. /etc/os-release && [ "${ID:-}" = debian ] && echo "${VERSION_CODENAME:-}" || true)
    mmdebstrap --quiet --variant=extract --include=scep,bash,dash,coreutils \
      --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
      "${release:-bookworm}" - | "$engine" import - "$base" >/dev/null
    arguments=(--build-arg "BASE=$base")
    ;;
  *)
    echo "build-image.sh: mirror or registry, not $source" >&2
    exit 64
    ;;
esac
"${build[@]}" --network host "${arguments[@]}" --tag "$image" --file Containerfile . >/dev/null
echo "$image"

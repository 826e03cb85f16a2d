#!/bin/sh
# The main job as a system administrator would write it down.
#
#     main-job.sh BASE "PACKAGE..." IMAGE [OPTION-OF-DOCKER-RUN...]
set -e

base=$1
packages=$2
image=$3
shift 3

container=$(docker run -dt "$@" "$base" /bin/bash)
docker exec "$container" emerge --sync -q
# Several packages are split at white space.
# shellcheck disable=SC2086
docker exec "$container" emerge -q $packages
docker exec "$container" rm -rf /var/tmp/portage
docker stop "$container"
docker commit --change 'VOLUME /usr/portage' --change 'VOLUME /var/tmp/portage' --change 'CMD ["/bin/bash"]' "$container" "$image"
docker rm "$container"

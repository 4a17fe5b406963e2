# Build one version of the door and push it under all names that it takes: release.sh door:VERSION NAME…
set -eu
image=$1
shift
docker build --quiet --tag "$image" --build-arg VERSION="${image#*:}" 13-secure-images/tags > /dev/null
for name in "$@"; do
  docker tag "$image" "$name"
  docker push --quiet "$name" > /dev/null
done
echo "$image is out as $*"

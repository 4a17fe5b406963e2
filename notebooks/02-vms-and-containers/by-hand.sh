# A container without Docker. The root file system comes in as a tar on stdin.
cd /scratch && mkdir image upper work root && tar --extract --directory image

# A writable layer on top of the image, and the one device that every program expects.
mount -t overlay overlay -o lowerdir=image,upperdir=upper,workdir=work root
touch root/dev/null && mount --bind /dev/null root/dev/null

# A control group with room for 12 processes; version 2 of the kernel's interface wants three lines more.
group=/sys/fs/cgroup/pids/by-hand
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  group=/sys/fs/cgroup/by-hand && mkdir /sys/fs/cgroup/rest
  for pid in $(cat /sys/fs/cgroup/cgroup.procs); do echo "$pid" > /sys/fs/cgroup/rest/cgroup.procs || :; done 2> /dev/null
  echo +pids > /sys/fs/cgroup/cgroup.subtree_control
fi
mkdir "$group" && echo 12 > "$group/pids.max" && echo $$ > "$group/cgroup.procs"

# Namespaces of its own; in them the layered folder becomes the root, and the old root goes away.
exec unshare --mount --uts --ipc --net --pid --cgroup --fork bash -c '
  mount --make-rprivate / && hostname by-hand && mount -t proc proc root/proc
  cd root && mkdir old && pivot_root . old && cd / && umount -l /old && rmdir /old
  exec sh -c "$1"' by-hand "$1"

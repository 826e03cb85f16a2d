/** The files of every package in a store, each with its type, mode, owner and digest. */
export const packageContents = `cd /var/cache/binpkgs/*/plain/*/
for package in $(find . -name '*.gpkg.tar' -printf '%P\\n' | sort); do
  mkdir /tmp/package && tar -xf "$package" -C /tmp/package
  cd /tmp/package/*/ && zstd -dqc image.tar.zst | tar -x && cd image
  echo "$package"
  find . -printf '%p %y %m %U %G %l\\n' | sort
  find . -type f -exec sha256sum {} + | sort
  cd /var/cache/binpkgs/*/plain/*/ && rm -r /tmp/package
done`;

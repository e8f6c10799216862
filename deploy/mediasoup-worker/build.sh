#!/bin/bash
# Builds mediasoup-worker from the sources in the npm package mediasoup (3.27.1) against the system's libraries, without any
# download: `subprojects/` beside this file stands in for the libraries that upstream's build fetches.
#
#   build.sh PACKAGE_FOLDER WORK_FOLDER [meson options...]
#
# PACKAGE_FOLDER: node_modules/mediasoup. WORK_FOLDER: made anew; the worker is then WORK_FOLDER/mediasoup-worker, about 3 MB.
# The Debian packages that it needs are in packages.txt. Two builds give the same bytes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
package=$(cd "$1" && pwd)
mkdir -p "$2"
work=$(cd "$2" && pwd)
shift 2
rm -rf "$work/src" "$work/build"
mkdir -p "$work/src"
cp -r "$package/worker/." "$work/src/"
rm -rf "$work/src/subprojects" "$work/src/out"
cp -r "$here/subprojects" "$work/src/subprojects"

edit() { # file, exact text, replacement; fails if the text does not stand there exactly once
  python3 - "$work/src/$1" "$2" "$3" <<'PY'
import sys
path, old, new = sys.argv[1:]
text = open(path).read()
if text.count(old) != 1:
    sys.exit(f'{path}: expected exactly one occurrence of: {old}')
open(path, 'w').write(text.replace(old, new))
PY
}
# Debian 12 has Meson 1.0.1; nothing newer is used.
edit meson.build "meson_version: '>= 1.1.0'" "meson_version: '>= 1.0.1'"
# Without a .wrap file nothing maps the dependency's name to the subproject.
edit meson.build "dependency('unordered_dense')" \
  "subproject('unordered-dense').get_variable('ankerl_unordered_dense_dep')"
# The worker's BIO callback answers 1 to every control operation. A libssl built with kernel TLS (Debian's is; upstream's is not)
# then believes that kernel TLS is on, allocates no write buffer, and the first DTLS record ends the worker. The callback must
# hand back the result of every "return" operation.
edit src/RTC/DtlsTransport.cpp '(operationType == BIO_CB_RETURN) ?' '(operationType & BIO_CB_RETURN) ?'

meson setup --wrap-mode=nodownload --buildtype=release -Db_ndebug=true "$@" "$work/build" "$work/src"
# Tells each step as [done/all], on a line of its own where the output is no terminal.
NINJA_STATUS='[%f/%t] ' ninja -C "$work/build" mediasoup-worker
strip -o "$work/mediasoup-worker" "$work/build/mediasoup-worker"

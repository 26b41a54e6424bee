#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Needs root, mmdebstrap, and apt sources for bookworm. Packages are fetched once and kept.

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

# A small base: what every Debian has, one package, one account.
write_base() {
  mkdir -p "$1"
  cat >"$1/base.yaml" <<'END'
debian:
  suite: bookworm
  packages: [tini]
  remove: [/usr/share/man, /usr/share/locale, "/usr/share/doc/*/[!c]*"]
  users:
    - {name: default, uid: 1001, gid: 0, home: /opt/app-root/src}
env: {LANG: C.UTF-8}
END
}

setup_file() {
  clean_environment
  export CAIRN_CACHE=$lasting_cache
  write_base "$BATS_FILE_TMPDIR/small"
  cairn base lock "$BATS_FILE_TMPDIR/small" --quiet
  cairn base build "$BATS_FILE_TMPDIR/small" --tag small:1 --store "$BATS_FILE_TMPDIR/store" --quiet >"$BATS_FILE_TMPDIR/digest"
}

setup() {
  in_empty_place
  export CAIRN_CACHE=$lasting_cache
  cp -r "$BATS_FILE_TMPDIR/small" small
}

# The base, as root unpacks it.
with_root() { cairn unpack small:1 root --store "$BATS_FILE_TMPDIR/store" --quiet; }

@test "gives the same bytes again, in another place with another umask, time zone and environment" {
  mkdir -p far/away
  mv small far/away/base
  umask 077
  export TZ=Asia/Tokyo LANG=de_DE.UTF-8 PYTHONDONTWRITEBYTECODE=1
  run --separate-stderr -0 taskset -c 0 "$CAIRN" base build far/away/base --tag again:1 --quiet --jobs 1
  [[ $output == "$(<"$BATS_FILE_TMPDIR/digest")" ]]
  run -0 cairn validate again:1
}

@test "is looked up when it was built before" {
  cp -a "$BATS_FILE_TMPDIR/store" "$HOME/.local/share/cairn/store"
  # Neither apt nor mmdebstrap is there to be asked.
  mkdir bin
  run --separate-stderr -0 env PATH="$PWD/bin" "$CAIRN" base build small --tag again:1 --quiet
  [[ $output == "$(<"$BATS_FILE_TMPDIR/digest")" ]]
  run --separate-stderr -1 env PATH="$PWD/bin" "$CAIRN" base build small --tag other:1 --store other --quiet
  one_line_error "mmdebstrap is not installed"
}

@test "holds the packages of the lock and nothing of this machine" {
  with_root
  sed -n 's/.*name: \([^,]*\), version: "\([^"]*\)".*/\1 \2/p' small/base.lock | sort >locked
  chroot root dpkg-query -W -f '${Package} ${Version}\n' | sort >installed
  diff locked installed
  for path in etc/hostname etc/hosts etc/resolv.conf etc/apt/sources.list etc/apt/apt.conf.d/99mmdebstrap etc/passwd- var/cache/ldconfig/aux-cache; do
    [[ ! -e root/$path ]] || { echo "there is $path"; return 1; }
  done
  run -0 find root/dev root/proc root/sys root/tmp root/var/tmp -mindepth 1
  [[ -z $output ]]
  run -0 find root/var/log root/run root/var/cache/apt root/var/lib/apt/lists -type f
  [[ -z $output ]]
  run -0 find root ! -type f ! -type d ! -type l
  [[ -z $output ]]
  # Nor its name, nor where it was made.
  name=$(hostname)
  ((${#name} > 4)) || name=$lasting_cache  # a short one is part of other words
  run ! grep -r -q -F -e "$name" -e "$lasting_cache" root/etc root/var
  run -0 find root -mindepth 1 -newermt 2000-01-02
  [[ -z $output ]]
}

# What packages make when they are installed; see docs/formats/base.md.
made_by_packages='/etc/(alternatives/.*|apt/sources\.list\.d|dpkg/origins/default|environment|fstab|group|gshadow|inputrc|ld\.so\.cache|localtime|machine-id|motd|nsswitch\.conf|opt|pam\.d/common-.*|passwd|profile|rc[0-9S]\.d/.*|security/opasswd|shadow|shells|subgid|subuid|systemd/system/.*\.wants(/.*)?|timezone)
/(media|mnt|opt|srv|run/lock|root/\.(bashrc|profile))
/opt/app-root(/src)?
/usr/(bin|sbin)/(awk|nawk|pager|which|rmt|editor)
/usr/local(/.*)?
/usr/share/info/dir
/var/(local|mail|opt|spool/mail)
/var/cache/debconf/.*
/var/lib/apt/extended_states
/var/lib/dpkg/(alternatives/.*|arch|diversions|info/.*|status|triggers(/.*)?)
/var/lib/(pam/.*|shells\.state|systemd/deb-systemd-helper-enabled(/.*)?)'

@test "has no file that no package owns, but for those that packages make" {
  with_root
  cat root/var/lib/dpkg/info/*.list | sort -u >owned
  sed -n -E 's,^/(s?bin|lib[^/]*)(/.*)?$,/usr/\1\2,p' owned | sort -u - owned >known
  find root -mindepth 1 -printf '/%P\n' | sort | comm -23 - known | grep -v -E -x -f <(printf '%s\n' "$made_by_packages") >unowned || true
  [[ ! -s unowned ]] || { cat unowned; return 1; }
}

@test "has the account, its home and the variables" {
  with_root
  grep -x 'default:x:1001:0::/opt/app-root/src:/bin/bash' root/etc/passwd
  grep -x 'default:!:10957:0:99999:7:::' root/etc/shadow
  [[ $(stat -c %a:%u:%g root/opt/app-root/src) == 775:1001:0 && $(stat -c %a:%u:%g root/opt/app-root) == 775:0:0 ]]
  chroot --userspec=1000720000:0 root touch /opt/app-root/src/mine
  [[ ! -e root/usr/share/man && -e root/usr/share/doc/tini/copyright ]]
  run -0 cairn inspect small:1 --json --store "$BATS_FILE_TMPDIR/store"
  [[ $(json '.config.env | join(" ")') == "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8" ]]
}

@test "locks the same twice, and says what is not to be had" {
  cp small/base.lock before
  run --separate-stderr -0 cairn base lock small --json
  [[ $(json .packages) == $(grep -c '^  - {name' small/base.lock) && $(json .changed) == 0 ]]
  diff before small/base.lock
  run --separate-stderr -0 cairn base list small
  [[ $output == *tini* ]]
  sed -i 's/\[tini\]/[tini, lmodd]/' small/base.yaml
  run --separate-stderr -1 cairn base lock small --quiet
  one_line_error "'lmodd': no apt source of this machine has it for bookworm; the nearest name is 'lmod'"
  run --separate-stderr -1 cairn base build small --tag small:2 --quiet
  one_line_error "is stale, since base.yaml asks for other packages (now or then: lmodd)"
  sed -i 's/bookworm/nosuchsuite/' small/base.yaml
  run --separate-stderr -1 cairn base lock small --quiet
  one_line_error "apt has no source for the suite 'nosuchsuite'"
}

@test "names a package that is gone from the sources, and what there is" {
  there=$(sed -n 's/.*name: tini, version: "\([^"]*\)".*/\1/p' small/base.lock)
  gone=$(printf '%064d' 7)
  sed -i -E "s/(name: tini, version: )\"[^\"]*\"(.*sha256: )\"[^\"]*\"/\1\"0.1-1\"\2\"$gone\"/" small/base.lock
  run --separate-stderr -1 cairn base build small --tag small:2 --quiet
  one_line_error "tini '0.1-1': is in the lock and gone from this machine's apt sources, which have '$there'; run 'cairn base lock'"
}

@test "fetches again what is broken in the cache" {
  export CAIRN_CACHE=$PWD/cache
  mkdir -p cache/debs
  cp -r "$lasting_cache"/debs/*.deb "$lasting_cache"/debs/apt-bookworm cache/debs/
  hash=$(sed -n 's/.*name: tini, .*sha256: "\([^"]*\)".*/\1/p' small/base.lock)
  size=$(stat -c %s "cache/debs/$hash.deb")
  head -c "$size" /dev/zero >"cache/debs/$hash.deb"
  run --separate-stderr -0 cairn base build small --tag small:2 --quiet
  [[ $output == "$(<"$BATS_FILE_TMPDIR/digest")" ]]
  [[ $(sha256sum <"cache/debs/$hash.deb") == "$hash  -" ]]
}

@test "takes an image by its digest and nothing else" {
  base_image app:1 one
  digest=$(cairn copy oci:bases:app:1 app:1 --quiet >/dev/null && cairn inspect app:1 --json | jq -r .manifest)
  mkdir given
  printf 'image: registry.example.com/app@%s\nenv: {A: b}\n' "$digest" >given/base.yaml
  run --separate-stderr -0 cairn base build given --tag given:1
  run -0 cairn inspect given:1 --json
  [[ $(json '.config.env | index("A=b") != null') == true ]]
  run --separate-stderr -1 cairn base lock given
  one_line_error "is not made of Debian packages"
  for file in "$checkout"/base-images/{ubi9,odh-minimal}/base.yaml; do grep -qE '^image: [^ ]+@sha256:[0-9a-f]{64}$' "$file"; done
  sed -i "s/sha256:.*/sha256:$(printf '0%.0s' {1..64})/" given/base.yaml
  run --separate-stderr -1 cairn base build given --tag given:2
  one_line_error "only a placeholder for the digest"
}

@test "builds a Containerfile, the same twice" {
  mkdir -p made
  printf 'FROM scratch\nCOPY hello /hello\nENV A=b\n' >made/Containerfile
  echo hello >made/hello
  echo 'containerfile: Containerfile' >made/base.yaml
  run --separate-stderr -0 cairn base build made --tag made:1 --quiet
  first=$output
  run --separate-stderr -0 cairn base build made --tag made:1 --quiet --store other
  [[ $output == "$first" ]]
  cairn unpack made:1 root --quiet
  [[ $(<root/hello) == hello ]]
  echo bye >made/hello
  run --separate-stderr -0 cairn base build made --tag made:1 --quiet
  [[ $output != "$first" ]]
  echo 'COPY missing /' >>made/Containerfile
  run --separate-stderr -1 cairn base build made --tag made:1 --quiet
  one_line_error missing
}

@test "base-images have locks that fit" {
  for directory in "$checkout"/base-images/*/; do
    [[ -e $directory/base.lock ]] || continue
    run --separate-stderr -0 cairn base list "$directory" --json
    asked=$(sed -n 's/^asked: \[\(.*\)\]/\1/p' "$directory/base.lock" | tr -d ' ' | tr , '\n')
    [[ $asked == "$(sed -n '/^  packages:/,/^  [a-z]/s/^    - //p' "$directory/base.yaml" | LC_ALL=C sort)" ]]
  done
}

@test "usage" {
  run --separate-stderr -2 cairn base build small
  one_line_error "needs --tag"
  run --separate-stderr -2 cairn base make small
  one_line_error "there are lock, list and build"
  run --separate-stderr -1 cairn base build nowhere --tag a:1
  one_line_error base.yaml
  rm small/base.lock
  run --separate-stderr -1 cairn base build small --tag a:1
  one_line_error "there is no base.lock; make it with 'cairn base lock small'"
}

#!/usr/bin/env bash
# Is this package what was archived? With bash, openssl, sha256sum and base64, and nothing of the program that made it.
#
#   bash verify.sh archive.vkey export.pem   in the unpacked package. Both keys come from persons, not from the package:
#                                            that of the archive, and that of who signs packages
#   bash verify.sh archive.vkey export.pem authority.pem   also by when the checkpoints existed, by the word of a
#                                            time-stamping authority with that root certificate (openssl 1.1.1 or later)
#   bash verify.sh archive.vkey              the same by the package's own word for who made it
#   bash verify.sh                           the same by the package's own keys: it can't say whose keys they are
#
# Exit code 0: all holds, under your two keys. 1: something does not hold. 3: all that was checked holds, but nobody whom
# you named vouches for it: the list of files is not signed, it or the events are signed by a key that you did not give,
# a checkpoint has no time-stamp under the root that you gave, the folder has files that nobody listed, or a program changed how a file is written (line ends, layout, places) and not
# what it says.
# It takes about half a second for each event. It does not compare events.csv and protocol.json with the events: only with
# the list of files. It does not check what a second party has signed.
# With other line ends bash would not understand what follows. The sign at its end keeps one from this line.
if [[ -z ${BASH_EXECUTION_STRING:-} ]] && grep -q $'\r' "$0"; then exec bash -c "$(tr -d '\r' <"$0")" "$0" "$@"; fi #
set -euo pipefail
archive_key=${1:-} signer_key=${2:-} authority=${3:-}
[[ -z $archive_key || $archive_key == /* ]] || archive_key=$PWD/$archive_key
[[ -z $signer_key || $signer_key == /* ]] || signer_key=$PWD/$signer_key
[[ -z $authority || $authority == /* ]] || authority=$PWD/$authority
cd "$(dirname "$0")"
export LC_ALL=C

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What stands in a package moves no terminal.
say() { printf '%s\n' "$*" | tr -c '\n\040-\176' '?'; }
usage() {
  say "$1" >&2
  exit 2
}
fail() {
  say "BROKEN: $1" >&2
  exit 1
}
sha256() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c1-64; }
# What is said at the end, with exit code 3.
open=()
counted() { if [[ $1 == 1 ]]; then echo "1 $2"; else echo "$1 $2s"; fi; }
hex() { od -An -v -tx1 | tr -d ' \n'; }
# Hex digits as bytes.
bytes() {
  local at out=
  for ((at = 0; at < ${#1}; at += 2)); do out+="\\x${1:at:2}"; done
  # shellcheck disable=SC2059
  printf "$out"
}
pem() { printf -- '-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n' "$(base64 <"$1" | tr -d '\n')"; }

# relaid lines|document: JSON in the layout of a package, one value a line or one member a line. What strings hold stays.
relaid() {
  tr '\r' '\n' | awk -v mode="$1" '
    function indent(  i) { if (mode == "document") { printf "\n"; for (i = 0; i < depth; i++) printf "  " } }
    {
      for (at = 1; at <= length($0); at++) {
        c = substr($0, at, 1)
        if (quoted) {
          printf "%s", c
          if (escaped) escaped = 0
          else if (c == "\\") escaped = 1
          else if (c == "\"") quoted = 0
          continue
        }
        if (c == " " || c == "\t") continue
        closing = c == "}" || c == "]"
        if (closing) depth--
        if (opened != closing) indent()
        opened = 0
        printf "%s", c
        if (c == "\"") quoted = 1
        if (c == "{" || c == "[") { depth++; opened = 1 }
        if (c == ",") indent()
        if (c == ":" && mode == "document") printf " "
        if (closing && depth == 0) printf "\n"
      }
    }'
}

# restored PATH SHA256: puts the content that was exported below $work/put, where a program only moved it or wrote it in
# another way, and says so at the end.
has_put=
is_it() { [[ $(sha256 <"$work/try") == "$1" ]]; }
restored() {
  local path=$1 wanted=$2 other how='Its line ends were changed'
  if [[ ! -f $work/here ]]; then
    find . -type f | sed 's,^\./,,' | while IFS= read -r other; do echo "$(sha256 <"$other") $other"; done >"$work/here"
  fi
  other=$(sed -n "s/^$wanted //p" "$work/here" | head -n 1)
  if [[ -n $other ]]; then
    cp -- "$other" "$work/try"
    echo "$other" >>"$work/moved"
    how="Its content is in $(printf %q "$other"): files changed their places"
  elif [[ ! -f $path ]]; then
    return 1
  else
    tr -d '\r' <"$path" >"$work/text"
    cp "$work/text" "$work/try"
    is_it "$wanted" || awk '{ printf "%s\r\n", $0 }' "$work/text" >"$work/try"
    is_it "$wanted" || printf %s "$(cat "$work/text")" >"$work/try"
    is_it "$wanted" || printf '%s\n' "$(cat "$work/text")" >"$work/try"
    if ! is_it "$wanted"; then
      how='A byte order mark was put before it'
      tail -c +4 "$work/text" >"$work/try"
    fi
    if ! is_it "$wanted"; then
      how='It was formatted anew'
      case "$path" in
        *.jsonl) relaid lines <"$path" >"$work/try" ;;
        *.json) relaid document <"$path" >"$work/try" ;;
      esac
      is_it "$wanted" || return 1
    fi
  fi
  mkdir -p "$work/put/$(dirname "$path")"
  cp "$work/try" "$work/put/$path"
  has_put=yes open+=("$path is not as it was exported, and says the same. $how by a program. That was undone for this check.")
}

# verified KIND KEY.PEM MESSAGE SIGNATURE
verified() {
  if [[ $1 == ed25519 ]]; then
    openssl pkeyutl -verify -pubin -inkey "$2" -rawin -in "$3" -sigfile "$4" >/dev/null 2>&1
  else
    openssl dgst -sha256 -verify "$2" -signature "$4" "$3" >/dev/null 2>&1
  fi
}

# root INDEX SIZE LEAF PATH…: to which root the path leads (RFC 9162, 2.1.3.2). Hashes are hex.
root() {
  local at=$1 last=$(($2 - 1)) node=$3
  shift 3
  while ((last > 0)); do
    if ((at % 2 == 1)); then
      node=$(bytes "01$1$node" | sha256)
      shift
    elif ((at < last)); then
      node=$(bytes "01$node$1" | sha256)
      shift
    fi
    at=$((at / 2)) last=$((last / 2))
  done
  [[ $# == 0 ]] && echo "$node"
}

# 1. The list of files, and who signed it.
relaid lines <manifest.dsse.json >"$work/envelope"
cmp -s "$work/envelope" manifest.dsse.json || open+=('manifest.dsse.json was formatted anew by a program.')
sed -n 's/.*"payload":"\([^"]*\)".*/\1/p' "$work/envelope" | base64 -d >"$work/manifest" || fail 'manifest.dsse.json is no envelope'
head=$(head -n 1 "$work/manifest")
signer=$(sed -n 's/.*"signer":{"algorithm":"\([a-z0-9-]*\)","publicKey":"\([^"]*\)"}.*/\1 \2/p' <<<"$head")
type=$(sed -n 's/.*"payloadType":"\([^"]*\)".*/\1/p' "$work/envelope")
[[ $type == application/vnd.ledgerstone.package.v1+json ]] || fail "manifest.dsse.json is a list of another kind: $type"
if [[ -z $signer ]]; then
  ! grep -q '"sig":' "$work/envelope" || fail 'manifest.dsse.json has a signature, and names nobody who should sign it'
  open+=('The list of files is not signed: nobody vouches for what was asked, by whom and for what.')
else
  base64 -d <<<"${signer#* }" >"$work/signer.der"
  pem "$work/signer.der" >"$work/signer.pem"
  { printf 'DSSEv1 %d %s %d ' ${#type} "$type" "$(wc -c <"$work/manifest")"; cat "$work/manifest"; } >"$work/pae"
  sed -n 's/.*"sig":"\([^"]*\)".*/\1/p' "$work/envelope" | base64 -d >"$work/sig"
  verified "${signer%% *}" "$work/signer.pem" "$work/pae" "$work/sig" || fail 'the signature of manifest.dsse.json does not hold'
  echo "The list of files is signed by the key $(sha256 <"$work/signer.der")."
  if [[ -z $signer_key ]]; then
    open+=('Only the package says whose key signed the list of files: compare its SHA-256 with who made it.')
  else
    openssl pkey -pubin -in "$signer_key" -outform DER -out "$work/given.der" 2>/dev/null || usage "$signer_key is no public key in PEM"
    cmp -s "$work/given.der" "$work/signer.der" ||
      open+=("The list of files is signed by a key that is not the one in $signer_key.")
  fi
fi
sed -n 's/^{"path":"\([^"]*\)","role":"[a-z]*","bytes":[0-9]*,"sha256":"\([0-9a-f]*\)"},*$/\2 \1/p' "$work/manifest" >"$work/files"
while read -r wanted path; do
  case "/$path/" in */../* | */./* | *//*) fail "$path is no name of a file of a package" ;; esac
  [[ -f $path ]] || { restored "$path" "$wanted" || fail "$path is missing"; continue; }
  [[ $(sha256 <"$path") == "$wanted" ]] || restored "$path" "$wanted" || fail "$path is not the file that was exported"
done <"$work/files"
cut -d' ' -f2- "$work/files" >"$work/listed"
[[ ! -f $work/moved ]] || cat "$work/moved" >>"$work/listed"
echo manifest.dsse.json >>"$work/listed"
while IFS= read -r path; do
  # What systems leave in every folder that they open.
  case "$path" in __MACOSX/*) continue ;; esac
  case "${path##*/}" in .DS_Store | Thumbs.db | desktop.ini | ._*) continue ;; esac
  grep -qxF -- "$path" "$work/listed" || open+=("$(printf %q "$path") is not in the list of files, and was not checked.")
done < <(find . -type f | sed 's,^\./,,' | sort)
if [[ -z $has_put ]]; then echo "$(counted "$(grep -c . "$work/files")" file) of the list are here as listed."; else
  while read -r _ path; do
    [[ -f $work/put/$path ]] || { mkdir -p "$work/put/$(dirname "$path")" && cp "$path" "$work/put/$path"; }
  done <"$work/files"
  cd "$work/put"
fi

# 2. The key of the archive.
vkey=$(grep -v '^#' "${archive_key:-keys/archive.vkey}" | head -n 1) || usage "${archive_key:-keys/archive.vkey} holds no key"
name=${vkey%%+*}
key=$(cut -d+ -f3- <<<"$vkey" | base64 -d | hex)
if [[ ${key:0:2} == 01 ]]; then
  algorithm=ed25519
  bytes "302a300506032b6570032100${key:2}" >"$work/log.der"
else
  algorithm=ecdsa-p256
  bytes "${key:2}" >"$work/log.der"
fi
pem "$work/log.der" >"$work/log.pem"
# The first four bytes of a signature name its key.
key_id() { # ORIGIN
  if [[ $algorithm == ed25519 ]]; then
    { printf '%s\n' "$1"; bytes "$key"; } | sha256 | cut -c1-8
  else sha256 <"$work/log.der" | cut -c1-8; fi
}

# 3. The checkpoint of each chain: signed by that key.
others=0 unsigned=
while read -r note; do
  sed '/^$/q' "$note" | sed '$d' >"$work/text"
  origin=$(head -n 1 "$work/text")
  [[ $origin == "$name" || $origin == "$name/"* ]] || fail "the key is of $name, and $note is of $origin"
  id=$(key_id "$origin") signed= by_others=0
  while read -r _ by line; do
    base64 -d <<<"$line" >"$work/signature"
    if [[ $by == "$origin" && $(head -c 4 "$work/signature" | hex) == "$id" ]]; then
      tail -c +5 "$work/signature" >"$work/sig"
      verified "$algorithm" "$work/log.pem" "$work/text" "$work/sig" ||
        fail "the signature under $note is by the key of $name, and not over this checkpoint"
      signed=yes
    elif [[ $by != "$origin" ]]; then by_others=$((by_others + 1)); fi
  done < <(sed '1,/^$/d' "$note")
  [[ -n $signed ]] || unsigned=yes open+=("$note is not signed by the key of $name.")
  others=$((others + by_others))
done < <(sed -n 's,^[0-9a-f]* \(checkpoints/.*\.checkpoint\)$,\1,p' "$work/files" | sort)

# 4. By when each checkpoint existed: the way from it to what an authority stamped, and its token (RFC 3161). A token may
# be renewed by a later one: then it counts as of that one's time. Who signed a token only the root of the reader says.
[[ -z $authority ]] || openssl x509 -in "$authority" -noout 2>/dev/null || usage "$authority is no certificate in PEM"
# time_of TOKEN: seconds since 1970 of the token, whose signature must hold, and which must be over the file.
time_of() { # TOKEN STATEMENT
  local at
  openssl cms -verify -inform DER -in "$1" -noverify -out "$work/info" >/dev/null 2>&1 || return 1
  openssl asn1parse -inform DER -in "$work/info" >"$work/parsed" 2>/dev/null || return 1
  [[ $(sed -n 's/.*OCTET STRING *\[HEX DUMP\]:\([0-9A-F]*\)$/\1/p' "$work/parsed" | head -n 1 | tr A-F a-f) == "$(sha256 <"$2")" ]] || return 1
  at=$(sed -n 's/.*GENERALIZEDTIME *:\([0-9]\{14\}\)[.0-9]*Z$/\1/p' "$work/parsed" | head -n 1)
  [[ -n $at ]] || return 1
  local year=$((10#${at:0:4})) month=$((10#${at:4:2})) day=$((10#${at:6:2}))
  # Days since 1970, in years that begin with March.
  local y=$((month > 2 ? year : year - 1)) m=$(((month + 9) % 12))
  local days=$((365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468))
  echo "$((days * 86400 + 10#${at:8:2} * 3600 + 10#${at:10:2} * 60 + 10#${at:12:2})) ${at:0:4}-${at:4:2}-${at:6:2} ${at:8:2}:${at:10:2}:${at:12:2} UTC"
}
check_stamp() { # STAMP CHECKPOINT
  local links link before='' times=() leaf seconds needed found=
  local -a path=()
  rm -rf "$work/links" && mkdir "$work/links"
  [[ $(head -n 1 "$1") == ledgerstone/stamp-proof/1 ]] || return 1
  awk -v to="$work/links/" 'NR > 1 { if ($0 == "") number++; else print >(to number) }' "$1"
  links=$(find "$work/links" -type f | wc -l)
  ((links >= 1 && links <= 16)) || return 1
  for ((link = 1; link <= links; link++)); do
    head -n 5 "$work/links/$link" >"$work/statement.$link"
    [[ $(head -n 1 "$work/statement.$link") == ledgerstone/stamp/1 && $(head -n 1 "$2") == "$(sed -n 2p "$work/statement.$link")/"* ]] || return 1
    sed -n 's/^token //p' "$work/links/$link" | base64 -d >"$work/token.$link" || return 1
    if [[ -z $before ]]; then cp "$2" "$work/leaf"; else
      printf 'ledgerstone/renewal/1\n%s\n%s\n' "$(sed -n 3p "$work/statement.$before")" \
        "$(cat "$work/statement.$before" "$work/token.$before" | openssl dgst -sha256 -binary | base64)" >"$work/leaf"
    fi
    leaf=$({ printf '\000'; cat "$work/leaf"; } | sha256)
    path=()
    while read -r node; do path+=("$(base64 -d <<<"$node" | hex)"); done < <(sed -n 's/^path //p' "$work/links/$link")
    local index size
    index=$(sed -n 's/^index \([0-9]\{1,15\}\)$/\1/p' "$work/links/$link") size=$(sed -n 4p "$work/statement.$link")
    [[ $index =~ ^[0-9]+$ && $size =~ ^[0-9]{1,15}$ ]] && ((index < size)) || return 1
    [[ $(root "$index" "$size" "$leaf" ${path[@]+"${path[@]}"}) == "$(sed -n 5p "$work/statement.$link" | base64 -d | hex)" ]] || return 1
    times[link]=$(time_of "$work/token.$link" "$work/statement.$link") || return 1
    [[ -z $before ]] || ((${times[link]%% *} >= ${times[before]%% *})) || return 1
    before=$link
  done
  [[ -n $authority ]] || return 0
  # The last one must hold now, and each other one at the time of the next.
  for ((link = links; link >= 1; link--)); do
    needed=$(date +%s)
    ((link == links)) || needed=${times[link + 1]%% *}
    for seconds in "${times[link]%% *}" "$needed"; do
      openssl ts -verify -data "$work/statement.$link" -in "$work/token.$link" -token_in -CAfile "$authority" \
        -attime "$seconds" >/dev/null 2>&1 || break 2
    done
    found=$link
  done
  [[ -n $found ]] || return 0
  shown=${times[found]#* }
}
while read -r note; do
  chain=${note#checkpoints/} chain=${chain%.checkpoint}
  stamp=stamps/$chain.stamp-proof shown=
  if ! grep -qxF "$stamp" "$work/listed"; then
    say "The checkpoint of $chain has no time-stamp."
    [[ -z $authority ]] || open+=("By when the checkpoint of $chain existed is not shown: it has no time-stamp.")
    continue
  fi
  sed '/^$/q' "$note" | sed '$d' >"$work/text"
  check_stamp "$stamp" "$work/text" || fail "$stamp is no time-stamp of this checkpoint"
  if [[ -n $shown ]]; then
    say "The checkpoint of $chain existed by $shown, by an authority under the root in $authority. Whether a certificate was revoked was not looked at."
  elif [[ -z $authority ]]; then
    say "The checkpoint of $chain has a time-stamp. It shows nothing about time without the root certificate of its authority."
  else
    open+=("By when the checkpoint of $chain existed is not shown: its time-stamp does not hold under the root in $authority.")
  fi
done < <(sed -n 's,^[0-9a-f]* \(checkpoints/.*/[0-9]*\.checkpoint\)$,\1,p' "$work/files" | sort)
while read -r stamp; do
  [[ -f checkpoints/${stamp#stamps/}.checkpoint ]] || fail "stamps/${stamp#stamps/}.stamp-proof is of no checkpoint here"
done < <(sed -n 's,^[0-9a-f]* \(stamps/.*\)\.stamp-proof$,\1,p' "$work/files")

# 5. Of a sample: whether the seed draws these records. What else it could have drawn only the archive shows.
seed_origin= seed_size=0
if grep -q '^  "kind": "sample",' statement.json; then
  sed -n '/^  "sample": {$/,/^  }/p' statement.json >"$work/sample"
  seed=$(sed -n 's/^      "text": "\(.*\)",$/\1/p' "$work/sample" | sed 's/\\\(["\\]\)/\1/g')
  seed_root=$(sed -n 's/^      "root": "\([0-9a-f]*\)",$/\1/p' "$work/sample")
  seed_origin=$(sed -n 's/^        "origin": "\([^"]*\)",$/\1/p' "$work/sample")
  seed_size=$(sed -n 's/^        "size": \([0-9]*\)$/\1/p' "$work/sample")
  asked=$(sed -n 's/^    "count": \([0-9]*\),$/\1/p' "$work/sample")
  population=$(sed -n 's/^    "population": \([0-9]*\),$/\1/p' "$work/sample")
  sed -n '/^    "records": \[/,/^    \]/p' "$work/sample" | sed -n -e 's/^ *"rank": "\([0-9a-f]*\)",$/\1/p' \
    -e 's/^ *"chain": "\([A-Za-z0-9._-]*\)",$/\1/p' -e 's/^ *"partition": \([0-9]*\),$/\1/p' \
    -e 's/^ *"offset": \([0-9]*\)$/\1/p' | paste -d ' ' - - - - >"$work/drawn"
  cut -d' ' -f1 "$work/drawn" | sort -c -u 2>/dev/null || fail 'the ranks of the sample are not in their order'
  [[ $(grep -c . "$work/drawn") == $((asked < population ? asked : population)) ]] ||
    fail 'the sample has another number of records than was drawn'
  [[ $(sed -n 's/^        "records": \([0-9]*\),*$/\1/p' "$work/sample" | paste -s -d + - | sed 's/^$/0/') -eq $population ]] ||
    fail 'the population is not the sum of its days'
  cmp -s <(sed '/^    "records": \[/,/^    \]/d' "$work/sample" | tr -d ,) <(sed -n '/^  "sample": {$/,/^  }/p' protocol.json | tr -d ,) ||
    fail 'protocol.json has another draw than statement.json'
  if [[ -n $seed_root ]]; then
    [[ $(sed -n 3p checkpoints/seed.checkpoint | base64 -d | hex) == "$seed_root" ]] || fail 'the root of the seed is of another checkpoint'
    [[ $(sed -n 1,2p checkpoints/seed.checkpoint | tr '\n' ' ') == "$seed_origin $seed_size " ]] || fail 'the checkpoint of the seed is another one'
  fi
  while read -r rank chain partition offset; do
    note=checkpoints/$chain/$partition.checkpoint
    # A chain of another part is checked with that part.
    [[ -f $note ]] || continue
    drawn=$(printf 'ledgerstone/sample/1\n%s\n%s\n%s\n%s\n' "$seed" "$seed_root" "$(head -n 1 "$note")" "$offset" | sha256)
    [[ $drawn == "$rank" ]] || fail "the seed does not draw offset $offset of $chain/$partition"
  done <"$work/drawn"
fi

# 6. Each event: from the line to the root of its segment, from there to the root of the checkpoint.
events_count=0 gaps_count=0 is_gap='^\{"offset":[0-9]+,"gap":'
check_event() { # LINE PROOF CHECKPOINT
  local extra manifest size wanted index
  local -a path=()
  extra=$(sed -n 's/^extra //p' "$2" | base64 -d)
  index=$(sed -n 's/^index //p' "$2")
  sed -n 's/^{"manifest":"\([^"]*\)".*/\1/p' <<<"$extra" | base64 -d >"$work/segment"
  manifest=$(cat "$work/segment")
  size=$(sed -n 's/.*"entries":{"size":\([0-9]*\),.*/\1/p' <<<"$manifest")
  wanted=$(sed -n 's/.*"entries":{"size":[0-9]*,"root":"\([0-9a-f]*\)".*/\1/p' <<<"$manifest")
  read -r -a path <<<"$(sed -n 's/.*"path":\[\([^]]*\)\]}$/\1/p' <<<"$extra" | tr -d '"' | tr ',' ' ')"
  local at leaf
  at=$(sed -n 's/.*","line":\([0-9]*\),"path".*/\1/p' <<<"$extra")
  leaf=$({ printf '\000'; printf %s "$1"; } | sha256)
  [[ $(root "$at" "$size" "$leaf" ${path[@]+"${path[@]}"}) == "$wanted" ]] || return 1
  sed '1,/^$/d' "$2" | cmp -s - "$3" || return 1
  [[ $(sed -n 's/.*"origin":"\([^"]*\)","sequence":'"$index"',.*/\1/p' <<<"$manifest") == "$(head -n 1 "$3")" ]] || return 1
  path=()
  while read -r node; do path+=("$(base64 -d <<<"$node" | hex)"); done < <(sed -n '4,/^$/p' "$2" | sed '/^$/d')
  [[ $(head -n 1 "$3") != "$seed_origin" ]] || ((index < seed_size - 1)) || fail "the seed is not later than an event of $seed_origin"
  leaf=$({ printf '\000'; cat "$work/segment"; } | sha256)
  [[ $(root "$index" "$(sed -n 2p "$3")" "$leaf" ${path[@]+"${path[@]}"}) == "$(sed -n 3p "$3" | base64 -d | hex)" ]]
}
while read -r events; do
  chain=${events#events/} chain=${chain%.jsonl}
  sed -n 's/^{"offset":\([0-9]*\),"gap":{"last":\([0-9]*\),.*/\1 \2/p; t
    s/^{"offset":\([0-9]*\),.*/\1 \1/p' "$events" >"$work/covered"
  # What was asked for: each offset of it must be covered by a line.
  while read -r from to; do
    next=$from
    while read -r first last; do
      ((last >= from && first <= to)) || continue
      ((first <= next)) || break
      next=$((last + 1))
    done <"$work/covered"
    ((next > to)) || fail "offset $next of $chain was asked for, and is not in the package"
    say "$chain: the offsets $from to $to are all here."
  done < <(sed -n '/^  "here": \[/,/^  \]/p' statement.json | tr -dc '0-9\n' | sed '/^$/d' | paste -d ' ' - -)
  while IFS= read -r line || [[ -n $line ]]; do
    offset=$(sed -n 's/^{"offset":\([0-9]*\),.*/\1/p' <<<"$line")
    proof=proofs/$chain/$(printf %016d "$((10#${offset:-0}))").tlog-proof
    check_event "$line" "$proof" "checkpoints/$chain.checkpoint" || fail "the event at offset $offset of $chain is not what was archived"
    echo "${chain%/*} ${chain##*/} $((10#${offset:-0}))" >>"$work/seen"
    if [[ $line =~ $is_gap ]]; then gaps_count=$((gaps_count + 1)); else events_count=$((events_count + 1)); fi
  done <"$events"
done < <(sed -n 's,^[0-9a-f]* \(events/.*\.jsonl\)$,\1,p' "$work/files" | sort)
none=
if ((events_count + gaps_count == 0)); then
  grep -q '^  "kind": "search",' statement.json && grep -q '^  "hits": 0,' statement.json || fail 'the package has no event'
  ! grep -q '^[0-9a-f]* proofs/' "$work/files" || fail 'the package has a proof, and no event'
  none=yes
fi
if [[ -f $work/drawn ]]; then
  cut -d' ' -f2- "$work/drawn" | sort >"$work/places"
  sort "$work/seen" >"$work/found"
  [[ -z $(comm -13 "$work/places" "$work/found") ]] || fail 'the package has an event that was not drawn, or one twice'
  grep -q '"number":1,"last":true,' <<<"$head" && ! cmp -s "$work/places" "$work/found" && fail 'an event that was drawn is not in the package'
  echo "Each of the events is one that the seed draws: the population has $population records, and the $asked lowest ranks are drawn."
  echo 'Which records the population has, and that no other has a lower rank, only the archive can show: here it is the word of who made the package.'
else grep -q '^  "kind": "offsets",' statement.json ||
  echo 'The events are what a search found. That it found them all is the word of who made the package: statement.json.'
fi
gaps=
((gaps_count == 0)) || gaps=" and $(counted "$gaps_count" 'gap line')"
if [[ -n $none ]]; then echo 'The search found no event. Checked: the checkpoints of the chains that were searched.'
else echo "Checked $(counted "$events_count" event)$gaps: each leads, as it stands here, to the checkpoint of its chain."; fi
((others == 0)) ||
  echo "Not checked: $(counted "$others" signature) of second parties under the checkpoints. ledgerstone verify-package does."
if [[ -n $archive_key && -z $unsigned ]]; then
  say "Every checkpoint is signed by the key of $name: they are in its archive as they stand here."
fi
[[ -n $archive_key ]] ||
  open+=("The archive's is the package's own. Compare its SHA-256 with the people of $name: $(sha256 <"$work/log.der")")
[[ ${#open[@]} == 0 ]] || {
  for one in "${open[@]}"; do say "OPEN: $one"; done
  exit 3
}

#!/usr/bin/env bash
# Is this package what was archived? With bash, openssl, sha256sum and base64, and nothing of the program that made it.
#
#   bash verify.sh archive.vkey     in the unpacked package. The key comes from a person, not from the package
#   bash verify.sh                  the same by the package's own key: it can't say whose key that is
#
# Exit code 0: all holds; 1: something does not; 3: all holds, under a key of which only the package says whose it is.
# It takes about half a second for each event. It does not compare events.csv and protocol.json with the
# events: only with the list of files.
set -euo pipefail
cd "$(dirname "$0")"
export LC_ALL=C

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "BROKEN: $1" >&2
  exit 1
}
sha256() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c1-64; }
hex() { od -An -v -tx1 | tr -d ' \n'; }
# Hex digits as bytes.
bytes() {
  local at out=
  for ((at = 0; at < ${#1}; at += 2)); do out+="\\x${1:at:2}"; done
  # shellcheck disable=SC2059
  printf "$out"
}
pem() { printf -- '-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n' "$(base64 <"$1" | tr -d '\n')"; }

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
sed -n 's/.*"payload":"\([^"]*\)".*/\1/p' manifest.dsse.json | base64 -d >"$work/manifest" || fail 'manifest.dsse.json is no envelope'
head=$(head -n 1 "$work/manifest")
signer=$(sed -n 's/.*"signer":{"algorithm":"\([a-z0-9-]*\)","publicKey":"\([^"]*\)"}.*/\1 \2/p' <<<"$head")
type=$(sed -n 's/.*"payloadType":"\([^"]*\)".*/\1/p' manifest.dsse.json)
[[ $type == application/vnd.ledgerstone.package.v1+json ]] || fail "manifest.dsse.json is a list of another kind: $type"
if [[ -z $signer ]]; then
  echo 'The list of files is not signed: nobody vouches for what was asked, by whom and for what.'
else
  base64 -d <<<"${signer#* }" >"$work/signer.der"
  pem "$work/signer.der" >"$work/signer.pem"
  { printf 'DSSEv1 %d %s %d ' ${#type} "$type" "$(wc -c <"$work/manifest")"; cat "$work/manifest"; } >"$work/pae"
  sed -n 's/.*"sig":"\([^"]*\)".*/\1/p' manifest.dsse.json | base64 -d >"$work/sig"
  verified "${signer%% *}" "$work/signer.pem" "$work/pae" "$work/sig" || fail 'the signature of manifest.dsse.json does not hold'
  echo "The list of files is signed by the key $(sha256 <"$work/signer.der")."
fi
sed -n 's/^{"path":"\([^"]*\)","role":"[a-z]*","bytes":[0-9]*,"sha256":"\([0-9a-f]*\)"},*$/\2 \1/p' "$work/manifest" >"$work/files"
while read -r wanted path; do
  [[ -f $path ]] || fail "$path is missing"
  [[ $(sha256 <"$path") == "$wanted" ]] || fail "$path is not the file that was exported (did a program change its line ends?)"
done <"$work/files"
echo "$(wc -l <"$work/files") files are those of the list."

# 2. The key of the archive.
vkey=$(grep -v '^#' "${1:-keys/archive.vkey}" | head -n 1)
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

# 3. The checkpoint of each chain: signed by that key.
while read -r note; do
  sed '/^$/q' "$note" | sed '$d' >"$work/text"
  origin=$(head -n 1 "$work/text")
  [[ $origin == "$name" || $origin == "$name/"* ]] || fail "the key is of $name, and $note is of $origin"
  signed=
  while read -r _ by line; do
    [[ $by == "$origin" ]] || continue
    base64 -d <<<"$line" | tail -c +5 >"$work/sig"
    ! verified "$algorithm" "$work/log.pem" "$work/text" "$work/sig" || signed=yes
  done < <(sed '1,/^$/d' "$note")
  [[ -n $signed ]] || fail "$note is not signed by the key of $name"
done < <(find checkpoints -name '*.checkpoint' | sort)

# 4. Each event: from the line to the root of its segment, from there to the root of the checkpoint.
count=0
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
    echo "$chain: the offsets $from to $to are all here."
  done < <(sed -n '/^  "here": \[/,/^  \]/p' statement.json | tr -dc '0-9\n' | sed '/^$/d' | paste -d ' ' - -)
  while IFS= read -r line || [[ -n $line ]]; do
    offset=$(sed -n 's/^{"offset":\([0-9]*\),.*/\1/p' <<<"$line")
    proof=proofs/$chain/$(printf %016d "$((10#${offset:-0}))").tlog-proof
    check_event "$line" "$proof" "checkpoints/$chain.checkpoint" || fail "the event at offset $offset of $chain is not what was archived"
    count=$((count + 1))
  done <"$events"
done < <(find events -name '*.jsonl' | sort)
((count > 0)) || fail 'the package has no event'
grep -q '^  "kind": "offsets",' statement.json ||
  echo 'The events are what a search found. That it found them all is the word of who made the package: statement.json.'
echo "$count events and gap lines are in the archive as they stand here."
if [[ -z ${1:-} ]]; then
  echo "The key is the package's own. Compare its SHA-256 with the people of $name: $(sha256 <"$work/log.der")"
  exit 3
fi

#!/usr/bin/env bash
# Is this package what was archived? With bash, openssl, sha256sum and base64, and nothing of the program that made it.
#
#   bash verify.sh archive.vkey export.pem   in the unpacked package. Both keys come from persons, not from the package:
#                                            that of the archive, and that of who signs packages
#   bash verify.sh archive.vkey              the same by the package's own word for who made it
#   bash verify.sh                           the same by the package's own keys: it can't say whose keys they are
#
# Exit code 0: all holds, under your two keys. 1: something does not hold. 3: all that was checked holds, but nobody whom
# you named vouches for it: the list of files is not signed, it or the events are signed by a key that you did not give,
# or the folder has files that nobody listed.
# It takes about half a second for each event. It does not compare events.csv and protocol.json with the events: only with
# the list of files. It does not check what a second party has signed. A file of which a program changed the line ends is
# to it a file that does not hold (1): `ledgerstone verify-package` tells that from a forgery.
set -euo pipefail
archive_key=${1:-} signer_key=${2:-}
[[ -z $archive_key || $archive_key == /* ]] || archive_key=$PWD/$archive_key
[[ -z $signer_key || $signer_key == /* ]] || signer_key=$PWD/$signer_key
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
  ! grep -q '"sig":' manifest.dsse.json || fail 'manifest.dsse.json has a signature, and names nobody who should sign it'
  open+=('The list of files is not signed: nobody vouches for what was asked, by whom and for what.')
else
  base64 -d <<<"${signer#* }" >"$work/signer.der"
  pem "$work/signer.der" >"$work/signer.pem"
  { printf 'DSSEv1 %d %s %d ' ${#type} "$type" "$(wc -c <"$work/manifest")"; cat "$work/manifest"; } >"$work/pae"
  sed -n 's/.*"sig":"\([^"]*\)".*/\1/p' manifest.dsse.json | base64 -d >"$work/sig"
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
  [[ -f $path ]] || fail "$path is missing"
  [[ $(sha256 <"$path") == "$wanted" ]] || fail "$path is not the file that was exported (did a program change its line ends?)"
done <"$work/files"
echo "$(counted "$(grep -c . "$work/files")" file) of the list are here as listed."
cut -d' ' -f2- "$work/files" >"$work/listed"
echo manifest.dsse.json >>"$work/listed"
while IFS= read -r path; do
  # What systems leave in every folder that they open.
  case "$path" in __MACOSX/*) continue ;; esac
  case "${path##*/}" in .DS_Store | Thumbs.db | desktop.ini | ._*) continue ;; esac
  grep -qxF -- "$path" "$work/listed" || open+=("$(printf %q "$path") is not in the list of files, and was not checked.")
done < <(find . -type f | sed 's,^\./,,' | sort)

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
done < <(find checkpoints -name '*.checkpoint' | sort)

# 4. Each event: from the line to the root of its segment, from there to the root of the checkpoint.
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
    if [[ $line =~ $is_gap ]]; then gaps_count=$((gaps_count + 1)); else events_count=$((events_count + 1)); fi
  done <"$events"
done < <(find events -name '*.jsonl' | sort)
((events_count + gaps_count > 0)) || fail 'the package has no event'
grep -q '^  "kind": "offsets",' statement.json ||
  echo 'The events are what a search found. That it found them all is the word of who made the package: statement.json.'
gaps=
((gaps_count == 0)) || gaps=" and $(counted "$gaps_count" 'gap line')"
echo "Checked $(counted "$events_count" event)$gaps: each leads, as it stands here, to the checkpoint of its chain."
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

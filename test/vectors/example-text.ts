// What do §11 and §12 of FORMAT.md say? Text around bytes that make-example.ts computes.
import { toBase64, utf8Text } from '../../src/base/bytes.ts';

export type ExampleValues = {
  readonly files: readonly { readonly key: string; readonly bytes: Uint8Array }[];
  readonly manifests: readonly [string, string];
  readonly manifestSha256: string;
  readonly dataSha256: string;
  readonly dataBytes: number;
  readonly content: string;
  readonly leaves: readonly string[];
  readonly leftNode: string;
  readonly entryRoot: string;
  readonly firstLeaf: string;
  readonly chainRoot: string;
  readonly checkpoint: string;
  readonly keyId: string;
  readonly signatureBytes: number;
};

const sh = (commands: string) => `\`\`\`sh\n${commands.trim()}\n\`\`\`\n`;
const out = (text: string) => `\`\`\`text\n${text.trimEnd()}\n\`\`\`\n`;
const wrapped = (base64: string) => base64.match(/.{1,100}/g)?.join('\n') ?? '';

/** Commands that write the file, from what stands in the text alone. */
function written({ key, bytes }: ExampleValues['files'][number]): string {
  const folder = key.includes('/') ? `mkdir -p '${key.slice(0, key.lastIndexOf('/'))}'\n` : '';
  // A data object is binary: its base64.
  return key.startsWith('data/')
    ? sh(`${folder}base64 -d > '${key}' <<'END'\n${wrapped(toBase64(bytes))}\nEND`)
    : sh(`${folder}cat > '${key}' <<'END'\n${utf8Text(bytes)}END`);
}

export function renderExample(v: ExampleValues): string {
  const [key, firstSeal, data, secondSeal, proof] = v.files as [
    ExampleValues['files'][number],
    ExampleValues['files'][number],
    ExampleValues['files'][number],
    ExampleValues['files'][number],
    ExampleValues['files'][number],
  ];
  return `## 11. Worked example

A whole archive with the origin \`audit.example.com/prod\`: the chain \`orders\`, partition 0, with two segments, and the
proof of one event. Its signing key is 32 bytes of 0x2a, known to everybody: never trust it. Every byte is real; the
commands write the archive into an empty directory.

The public key, as the user would pin it:

${written(key)}
Segment 0 has no lines: it fixes where the chain starts, at offset 7.

${written(firstSeal)}
Segment 1 has three lines: a record, a gap line for the offsets of an aborted record and its marker, and another
record, whose key is no UTF-8 and whose value is no JSON.

${out(v.content)}
Its data object, here as base64, is one zstd frame. (Its content is stored uncompressed, so that every library gives these bytes.)

${written(data)}
Its seal:

${written(secondSeal)}
And the proof of the first line:

${written(proof)}
## 12. Check it by hand

In that directory. Needed are a POSIX shell, \`sha256sum\`, \`zstd\`, \`base64\`, \`openssl\` (3.0 or later) and the usual small
tools. Below each block stands what it prints. Any other segment is checked by the same steps; only its trees are larger.

**The manifest.** It is the \`extra\` of the seal. Nothing in it is to be believed yet.

${sh(`SEAL='${secondSeal.key}'
sed -n 's/^extra //p' "$SEAL" | base64 -d > manifest
cat manifest; echo`)}
${out(v.manifests[1])}
**The data object.** Its bytes and their SHA-256 are those that the manifest states in \`data\`.

${sh(`DATA=$(sed 's/.*"data":{"key":"\\([^"]*\\)".*/\\1/' manifest)
wc -c < "$DATA"
sha256sum < "$DATA"
zstd -qdc "$DATA" > lines
cat lines`)}
${out(`${v.dataBytes}\n${v.dataSha256}  -\n${v.content}`)}
**The lines' tree** (§1). A leaf is the hash of 0x00 and the line without its LF, a node that of 0x01 and its two
children. Of three leaves, two stand on the left. The last hash is \`entries.root\` in the manifest.

${sh(`leaf() { { printf '\\000'; cat "$1"; } | openssl dgst -sha256 -binary; }
node() { { printf '\\001'; cat "$1" "$2"; } | openssl dgst -sha256 -binary; }
hex() { od -An -v -tx1 "$1" | tr -d ' \\n'; echo; }
for n in 1 2 3; do
  printf '%s' "$(sed -n "\${n}p" lines)" > line
  leaf line > "leaf$n"
  hex "leaf$n"
done
node leaf1 leaf2 > node12
node node12 leaf3 > entry-root
hex entry-root`)}
${out(`${v.leaves.join('\n')}\n${v.entryRoot}`)}
**The chain.** \`previous\` in the manifest is the SHA-256 of the manifest before. And the path in the seal, here one
hash, is the leaf hash of that manifest: two ways to the same.

${sh(`sed -n 's/^extra //p' '${firstSeal.key}' | base64 -d > manifest0
sha256sum < manifest0
leaf manifest0 | base64
sed -n '4p' "$SEAL"`)}
${out(`${v.manifestSha256}  -\n${v.firstLeaf}\n${v.firstLeaf}`)}
**The root of the chain**, from the path and the manifest's own leaf. It is the third line of the checkpoint, which begins
after the seal's first empty line and ends before the next.

${sh(`sed -n '4p' "$SEAL" | base64 -d > path1
leaf manifest > manifest-leaf
node path1 manifest-leaf | base64
sed '1,/^$/d' "$SEAL" > note
sed '/^$/,$d' note > checkpoint
cat checkpoint`)}
${out(`${v.chainRoot}\n${v.checkpoint}`)}
**The signature** is over these three lines. From the pinned key's vkey comes the public key, from the note's last line
the key id and the signature; the key id is that of the same key under the chain's origin.

${sh(`VKEY=$(cat keys/*.vkey)
printf '%s' "\${VKEY#*+*+}" | base64 -d | tail -c +2 > key
{ printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'; cat key; } > key.der
sed -n 's/^— [^ ]* //p' note | base64 -d > id-and-signature
head -c 4 id-and-signature > id; hex id
tail -c +5 id-and-signature > signature
{ sed -n '1p' checkpoint; printf '\\001'; cat key; } | sha256sum | head -c 8; echo
openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in checkpoint -sigfile signature`)}
${out(`${v.keyId}\n${v.keyId}\nSignature Verified Successfully`)}
With a P-256 key the vkey's 91 bytes after the type byte are \`key.der\` as they are, the key id is the beginning of
\`sha256sum < key.der\`, and the last command is \`openssl dgst -sha256 -verify key.der -keyform DER -signature signature checkpoint\`.

**One event.** The proof's \`extra\` names the line's index and its path, which are the hashes met above: the second
leaf, and the third. Its other lines are those of the seal.

${sh(`sed -n 's/^extra //p' event.tlog-proof | base64 -d | sed 's/^{"manifest":"[^"]*"/{"manifest":"…"/'; echo
hex leaf2
hex leaf3`)}
${out(`{"manifest":"…","line":0,"path":["${v.leaves[1]}","${v.leaves[2]}"]}\n${v.leaves[1]}\n${v.leaves[2]}`)}
What is left to check by hand are the locks (\`aws s3api get-object-retention\` for each version), the times and counts in
the manifest, and that no offset is left out: 7, 8 to 9, and 10 are \`firstOffset\` 7 to before \`nextOffset\` 11.
`;
}

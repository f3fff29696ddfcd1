// Do independent implementations of C2SP accept what Ledgerstone writes?
//
//	check note FILE VKEY...            a signed checkpoint: every key must have signed it
//	check seal FILE DATA VKEY...       a tlog-proof: DATA is the leaf's bytes
//
// A VKEY is type:vkey, where type is log (Ed25519, type 01), ecdsa (P-256, type 02) or cosigner (Ed25519, type 04),
// or mldsa (ML-DSA-44, type 06).
// Prints the checkpoint's origin, size and the names of the keys that signed; exits with 1 when anything is refused.
package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	flog "github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if len(os.Args) < 4 {
		fail(fmt.Errorf("check note|seal FILE … VKEY…"))
	}
	file, err := os.ReadFile(os.Args[2])
	fail(err)
	switch os.Args[1] {
	case "note":
		checkpoint(file, os.Args[3:])
	case "seal":
		data, err := os.ReadFile(os.Args[3])
		fail(err)
		seal(file, data, os.Args[4:])
	default:
		fail(fmt.Errorf("unknown command %q", os.Args[1]))
	}
}

func seal(file, data []byte, vkeys []string) {
	var p proof.TLogProof
	fail(p.Unmarshal(file))
	if !bytes.Equal(p.Marshal(), file) {
		fail(fmt.Errorf("the proof has another spelling than its encoder's"))
	}
	if !bytes.Equal(p.ExtraData, data) {
		fail(fmt.Errorf("the proof's extra data is not the leaf"))
	}
	c := checkpoint(p.Checkpoint, vkeys)
	var record tlog.RecordProof
	for _, h := range p.Hashes {
		record = append(record, tlog.Hash(h))
	}
	var root tlog.Hash
	copy(root[:], c.Hash)
	fail(tlog.CheckRecord(record, int64(c.Size), root, int64(p.Index), tlog.RecordHash(data)))
}

func checkpoint(file []byte, vkeys []string) *flog.Checkpoint {
	var verifiers []note.Verifier
	for _, vkey := range vkeys {
		verifiers = append(verifiers, verifier(vkey))
	}
	n, err := note.Open(file, note.VerifierList(verifiers...))
	fail(err)
	signed := map[string]bool{}
	for _, s := range n.Sigs {
		signed[fmt.Sprintf("%s %08x", s.Name, s.Hash)] = true
		if t, err := fnote.CoSigV1Timestamp(s); err == nil && (len(s.Base64) == 104 || len(s.Base64) > 3000) {
			fmt.Printf("cosigned at %d\n", t.Unix())
		}
	}
	for _, v := range verifiers {
		if !signed[fmt.Sprintf("%s %08x", v.Name(), v.KeyHash())] {
			fail(fmt.Errorf("%s has not signed", v.Name()))
		}
	}
	// The first verifier is the log's: its name is the origin.
	c, _, _, err := flog.ParseCheckpoint(file, strings.SplitN(n.Text, "\n", 2)[0], verifiers[0], verifiers[1:]...)
	fail(err)
	fmt.Printf("%s %d %d\n", c.Origin, c.Size, len(n.Sigs))
	return c
}

func verifier(vkey string) note.Verifier {
	kind, text, _ := strings.Cut(vkey, ":")
	var v note.Verifier
	var err error
	switch kind {
	case "log":
		v, err = note.NewVerifier(text)
	case "ecdsa":
		v, err = fnote.NewECDSAVerifier(text)
	case "mldsa":
		v, err = fnote.NewMLDSAVerifier(text)
	case "cosigner":
		v, err = fnote.NewVerifierForCosignatureV1(text)
	default:
		err = fmt.Errorf("unknown kind of key %q", kind)
	}
	fail(err)
	return v
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

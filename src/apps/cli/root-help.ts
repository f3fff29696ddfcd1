// What does `ledgerstone --help` show? The commands in groups: at most 50 lines of 80 columns.

export const ROOT_HELP = `Usage: ledgerstone COMMAND [options]      ledgerstone COMMAND --help: examples

Run the archive
  init            keys, FORMAT.md and the bucket made ready
  doctor          every requirement with verdict and remedy, before you start
  archive         the service: consume, seal, store, until SIGTERM
  import          history from elsewhere, with its own times and provenance
  adopt           chains of another owner's archive go on in this one
  status          per chain: head, next offset, last seal's age, halted and why
  config, alerts  a configuration of before, migrated; rules for Prometheus
  resume          record an operator's decision on a halted partition
  demo            all of it on this machine; --stack: on the real stack

Check it
  verify          chains, signatures, locks and every stored byte
  losses          which offsets have no record, why and by whose word
  explain         a report of verify in plain words, and what to do next
  watch           the independent verifier as a service: check, attest, alarm
  finding         what watch found; acknowledge and resolve, signed
  index, stamp    the verifier's index, made anew; its stamp of today
  drill           tampers with a canary: how soon does the verifier find it?

Find and prove
  find            events by field, text and time, and what was looked at
  get             entries or original values by offset or time
  show            one segment in readable form
  prove           one event's offline proof
  receipt         a producer's record: asks an archiver for its proof, checks it
  check           a proof, a line and a trusted key: no network
  sample          records for an audit's test, drawn by a seed
  sql             views for DuckDB, Athena and Trino that read every line

Hand over
  export          events of a case in a package that proves itself
  copy            an archive with its locks, into another bucket or account
  replay          archived records, back into a Kafka topic
  custody         what was handed out, by whom; is this package recorded?
  report          losses, retention and more on pages that print
  verify-package  such a package: no archive, no network

Decide
  governance      who may decide, what was decided, and what waits for approval
  hold            legal holds: placed, released by two persons, restored
  keys            which keys signed each chain, from where to where
  retention       what other policies would change and cost; longer locks
  access          who can read, write, hold, release and sign by policies

Archives are s3://bucket/prefix or a directory; --config FILE names one too.
Exit codes: 0 verified or done, 1 broken, 2 usage, 3 could not check, 4 not yet
--json for programs · --version · NO_COLOR · LEDGERSTONE_DEBUG=1: stack traces
`;

// What may other TypeScript programs import? It reads archives and judges proofs; nothing of it writes.
//
//   import { openArchive, verifyArchive } from 'ledgerstone';
//
// Keys are texts: a verifier key, or the content of a file of them. docs/library.md has examples.
export { LedgerstoneError } from './base/error.ts';
export type { OpenOptions, ReadOnlyArchive as Archive } from './library/archive.ts';
export {
  type CheckProofOptions,
  checkForProgram as checkProof,
  findForProgram as find,
  openForProgram as openArchive,
  proveForProgram as proveEvent,
  verifyForProgram as verifyArchive,
} from './library/entry.ts';
export type { FieldTargets, FindEventsOptions, FoundEvent, FoundEvents } from './library/find.ts';
export type { ProveEventOptions, ProvenRecord } from './library/prove-event.ts';
export {
  type CheckStampOptions,
  checkStampForProgram as checkStamp,
  type StampVerdict,
} from './library/stamps.ts';
export type { VerificationOptions, VerificationReport } from './library/verify-archive.ts';
export {
  type PackageStampVerdict,
  type PackagesVerdict,
  type PackageVerdict,
  type VerifyPackageOptions,
  verifyPackageForProgram as verifyPackage,
} from './library/verify-package.ts';
export type { Statement } from './read/find/statement.ts';
export type { EventProofCheck } from './verify/event-proof.ts';
export type { Finding, Verdict } from './verify/finding.ts';
export type { ArchiveReport, ChainReport, Report } from './verify/report.ts';

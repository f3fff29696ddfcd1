// What does each finding mean, what may lie behind it, and what comes next, in words for everybody?
import type { FindingCode } from '../../verify/finding.ts';

export type CodeWords = {
  /** One sentence: what was seen. */
  readonly seen: string;
  /** Likely causes, the harmless ones first. Nobody can tell them apart from the finding alone. */
  readonly causes: readonly string[];
  readonly next: readonly string[];
};

const DAMAGE = 'The copy was damaged: a bad disk, an aborted download, a program that changed the bytes.';
const OTHER_PLACE = 'You were shown another bucket, another folder or another version than the archive.';
const STOLEN_KEY = 'Somebody else has the key that signs the archive.';
const REPLACED = 'Somebody who can write where the archive lies replaced it.';
const DEFECT = 'A defect of the program that wrote it.';
const REMOVED = 'Somebody removed it from a place that does not lock, or after its lock had ended.';

const COMPARE = 'Compare with another copy of the archive: the original bucket, a replica, a backup.';
const VERSIONS = 'List all versions of the object in S3: an older version may hold the true bytes.';
const WHO_WROTE =
  'Find out from the log of the storage (on AWS: CloudTrail, s3:PutObject) who wrote the object, and when.';
const WHO_SIGNED = 'Find out who used the signing key (on AWS: CloudTrail, kms:Sign), and when.';
const CHANGE_KEY =
  'If the key may be in other hands: stop the archiver, keep both histories, and change the key.';
const ATTESTED =
  'Verify again with --attestations and --cosigner: what the second party attested before stands against it.';
const REPORT_DEFECT = 'Keep the object and report it to the makers of the program.';
const CLOCKS = 'Compare the clocks of the archiver and of the machine that verified with a known time.';
const RIGHTS = 'Give the reader the right that the finding names, and verify again.';

const words = (seen: string, causes: readonly string[], next: readonly string[]): CodeWords => ({
  seen,
  causes,
  next,
});

/** By code, for each code of FORMAT.md §9. */
export const CODE_WORDS: Readonly<Record<FindingCode, CodeWords>> = {
  'bad-signature': words(
    'The signature under a seal does not fit what the seal says.',
    [DAMAGE, REPLACED],
    [COMPARE, VERSIONS, WHO_WROTE],
  ),
  'root-mismatch': words(
    'A seal names another sum over the history before it than that history gives.',
    [REPLACED, STOLEN_KEY, DEFECT],
    [COMPARE, WHO_SIGNED, REPORT_DEFECT],
  ),
  'previous-mismatch': words(
    'A seal does not follow the one before it.',
    ['Segments of two histories were mixed, or put in another order.', STOLEN_KEY],
    [COMPARE, WHO_WROTE, WHO_SIGNED],
  ),
  'sequence-gap': words(
    'A seal between two others is missing.',
    ['The copy is not whole.', REMOVED],
    [COMPARE, 'Look in S3 when its lock ended.'],
  ),
  fork: words(
    'There are two different histories of the same chain, and both are signed.',
    [STOLEN_KEY, 'Two archivers were set up to continue the same chain.', OTHER_PLACE],
    [ATTESTED, WHO_SIGNED, CHANGE_KEY],
  ),
  rollback: words(
    'The chain is shorter than a checkpoint that was kept from an earlier check.',
    ['You were given an older copy.', 'Its newest segments were cut off.'],
    [COMPARE, 'Ask for the archive as it is today, and verify that.'],
  ),
  truncation: words(
    'The chain is shorter than the second party attested, or it is gone.',
    ['You were given an older copy.', 'Its newest segments were cut off.', OTHER_PLACE],
    [COMPARE, WHO_WROTE],
  ),
  'offset-gap': words(
    'Records are missing and no signed line says why.',
    ['Records were deleted at their source before they were archived.', STOLEN_KEY, DEFECT],
    ['Ask the operators whether the archiver had halted, and compare with the source if it still has them.'],
  ),
  'count-mismatch': words(
    'A segment has another number of lines than was signed.',
    [STOLEN_KEY, DEFECT],
    [WHO_SIGNED, REPORT_DEFECT],
  ),
  'entry-root-mismatch': words(
    'The lines of a segment are not the lines that were signed.',
    ['Data was replaced between reading and sealing, on the machine of the archiver.', STOLEN_KEY, DEFECT],
    ['Look at the machine of the archiver, and who can log in there.', WHO_SIGNED],
  ),
  'data-missing': words(
    'The data of a segment is gone although its lock has not ended.',
    ['The copy is not whole.', 'The wrong folder or prefix was read.', REMOVED],
    [COMPARE, VERSIONS],
  ),
  'data-altered': words(
    'Stored bytes are not the bytes that were signed.',
    [DAMAGE, REPLACED],
    [COMPARE, VERSIONS, WHO_WROTE],
  ),
  'block-mismatch': words(
    'A compressed block does not hold what was signed.',
    [DAMAGE, REPLACED],
    [COMPARE, VERSIONS, WHO_WROTE],
  ),
  'trailing-bytes': words(
    'An object has more bytes than were signed.',
    [DAMAGE, REPLACED],
    [COMPARE, VERSIONS, WHO_WROTE],
  ),
  malformed: words(
    'An object is not what the format allows.',
    [DAMAGE, REPLACED, 'It belongs to another archive.'],
    [COMPARE, WHO_WROTE],
  ),
  'clock-backwards': words(
    'A segment says that it was made before the one before it.',
    ['The clock of the archiver was wrong.', STOLEN_KEY],
    [CLOCKS, WHO_SIGNED],
  ),
  'lock-missing': words(
    'An object has no lock: it can be deleted or replaced.',
    ['The default lock of the bucket was changed.', 'It was written around the archiver.', 'It is a copy.'],
    [
      'If this is a copy, verify with --as-copy.',
      WHO_WROTE,
      'Lock it, if the bytes are still the true ones.',
    ],
  ),
  'mode-not-compliance': words(
    'An object has a lock that some roles can lift.',
    [
      'The configuration or the default of the bucket says GOVERNANCE.',
      'It was written around the archiver.',
    ],
    [WHO_WROTE, 'Set the mode to COMPLIANCE.'],
  ),
  'retention-short': words(
    'An object is locked for a shorter time than was promised.',
    [
      'The retention was set too short, or shortened for what came later.',
      'It was written around the archiver.',
    ],
    ['Extend the lock: a lock can always be made longer.', WHO_WROTE],
  ),
  'unknown-key': words(
    'A seal is signed by a key that you did not name as trusted.',
    ['The key was changed and nobody told you.', 'A forgery.'],
    ['Ask for the new key by a way that you trust, by telephone for instance, and verify again with it.'],
  ),
  unreadable: words(
    'Something could not be read, or a clock is off.',
    ['The reader lacks a right.', 'The network or the storage failed.', 'A clock is wrong.'],
    [RIGHTS, CLOCKS],
  ),
  'clock-ahead': words(
    'A seal says that it was made later than the storage took it, or later than now.',
    ['A clock was wrong: of the archiver, or of the machine that verified.', STOLEN_KEY],
    [CLOCKS, WHO_SIGNED],
  ),
  'locks-not-permitted': words(
    'Whether objects are locked could not be read.',
    ['The reader lacks the right s3:GetObjectRetention.'],
    [RIGHTS],
  ),
  'no-trusted-key': words(
    'No trusted key was given for a chain, so anybody who wrote it could have signed it.',
    ['The command was run without --key.', 'The key that was given is of another archive.'],
    ['Get the public key of the archive by a way that you trust, and verify again with it.'],
  ),
  'newer-format': words(
    'Segments were made by a newer version of the program than the one that verified.',
    ['The archiver was upgraded first.'],
    ['Upgrade, and verify again.'],
  ),
  'expired-unread': words(
    'Data is gone after its lock ended: of decisions, or nobody but its writer is known to have read it.',
    ['It was deleted as agreed, before a second party looked.', 'It never existed.'],
    [ATTESTED],
  ),
  'source-overlap': words(
    'Two chains say that they hold the same records of one source.',
    ['A source was archived into a second chain that does not say so.', STOLEN_KEY],
    ['Compare the lines of both chains, and ask the operators which of them goes on.', WHO_SIGNED],
  ),
  'delete-marker': words(
    'Somebody marked an object as deleted. Nothing is lost: the locked version is still there.',
    ['A clean-up rule or a person deleted where nothing should be deleted.'],
    ['Find out who has this right, and take it away.'],
  ),
  'extra-version': words(
    'Somebody wrote another version over an object. The older, locked one counts.',
    ['A copy tool or a person wrote where only the archiver should write.'],
    [WHO_WROTE, 'Take the right away from who should not have it.'],
  ),
  'foreign-object': words(
    'An object lies there that is no part of the archive.',
    ['A note or file of somebody else.', 'An attempt to forge notes of the second party.'],
    [WHO_WROTE],
  ),
  'access-attempt': words(
    'A refused or dangerous call was seen, or an attestation that was there is gone.',
    ['A test, a misconfigured program.', 'An attack.'],
    ['The finding names who, when and from where: ask them, and take the right away.'],
  ),
  'configuration-drift': words(
    'A setting of the bucket, a policy or a key is not as was promised.',
    ['A deployment changed it.', 'Somebody prepares a change of the archive.'],
    ['Set it back, and find out who changed it.'],
  ),
  'retention-long': words(
    'An object is locked for longer than any should be.',
    ['A wrong configuration.', 'Somebody who wants to cause cost, or to keep what has to be erased.'],
    ['Find out who set it. A compliance lock can not be shortened; an event hold can be released.'],
  ),
  'index-mismatch': words(
    'An index that the second party signed says something else than the records of its segment.',
    ['A defect of the program that wrote it.', 'Somebody else has the key of the second party.'],
    [
      'The archive is not touched by it. Repeat with --trust-nobody the searches that took its word.',
      'Find out who used the key of the second party (on AWS: CloudTrail, kms:Sign) at that time.',
    ],
  ),
  'act-refused': words(
    'A line among the decisions about the archive is none that counts.',
    [
      'Somebody signed without the right to, or with the key of somebody else.',
      'A defect of the program that wrote it.',
    ],
    [
      'It decides nothing. Find out who wrote it (on AWS: CloudTrail, PutObject below the governance chain).',
      'Take the right to write there away from who should not have it.',
    ],
  ),
  'hold-without-act': words(
    'An object is under a legal hold that nobody decided.',
    [
      'Somebody set it past the commands of `ledgerstone`.',
      'A release was decided, and the hold was not taken off.',
    ],
    [WHO_WROTE, 'Decide it (`ledgerstone hold place`), or take it off.'],
  ),
  'policy-without-act': words(
    'A segment was sealed under a policy that nobody decided.',
    ['An archiver runs with a changed configuration, and no decision for it.', 'A clock that is wrong.'],
    ['Ask who changed the configuration. Set it back, or decide the policy.'],
  ),
  'key-retired': words(
    'A segment was sealed by a key that was retired before.',
    ['An archiver that still has the old key.', 'Somebody who stole it.'],
    ['Find out who signed (on AWS: CloudTrail, kms:Sign). Take the key away.'],
  ),
  'unreferenced-object': words(
    'Data lies there that no seal names.',
    [
      'A writer was killed, or lost a race with another: harmless.',
      'In the chain of decisions: two people decided at once. Both decisions are in the chain: data is stored first.',
    ],
    ['Nothing, unless there are many. `ledgerstone governance list` shows the decisions that count.'],
  ),
  'stale-chain': words(
    'A chain has had no new seal for longer than agreed.',
    ['The archiver is down, halted or cut off.', 'Nothing is produced any more.'],
    ['Ask the operators of the archiver.'],
  ),
  'legal-hold-missing': words(
    'A legal hold that should be there is off.',
    ['It was never placed there, or somebody took it off.'],
    ['Place it again, and find out who took it off.'],
  ),
  'act-open': words(
    'A decision was made more than a day ago, and what it asks for is not said to be done.',
    ['The command that does it was ended half way, or was refused.'],
    ['Give the same command again: it goes on where it was ended.'],
  ),
  'records-lost': words(
    'Records are missing, and a signed line says why and by whose word.',
    ['They were deleted at their source before they were archived, or an operator gave them up.'],
    ['`ledgerstone losses` lists all of them: ask the person that is named there.'],
  ),
  'chain-continued': words(
    'A chain ended and goes on in another one, by the word of an operator.',
    ['A topic was made anew, or moved to another cluster.'],
    ['Ask the operator why, and whether the old source held more.'],
  ),
  'data-returned': words(
    'Data is there again that the second party had certified as destroyed.',
    ['Somebody had another copy, and put it back: a backup, a replica, an export.', OTHER_PLACE],
    [WHO_WROTE, 'Find that copy. Until then do not call this data destroyed.'],
  ),
  expired: words(
    'Data is gone after its lock had ended.',
    ['It was deleted as agreed.'],
    ['Nothing, if the retention was right.'],
  ),
  'locks-not-applicable': words(
    'The place has no locks.',
    ['It is a plain copy, or a trial.'],
    ['Verify the original for its locks.'],
  ),
};

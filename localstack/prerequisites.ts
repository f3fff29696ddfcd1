// Can this machine run the stack, and what is missing if not?
import { run } from './native/command.ts';
import { ED25519_KMS_PART } from './native/ed25519-kms.ts';
import { isKafkaCached, KAFKA_VERSION_DEFAULT, type KafkaVersion } from './native/kafka-install.ts';
import { findPython, isPythonPartCached, PYTHON_REMEDY } from './native/python.ts';
import { S3_KMS_PART } from './native/s3-kms.ts';

/** `true`, or the reason why not and what would help. */
export type Prerequisites = { readonly kafka: true | string; readonly s3: true | string };

const QUICK_MS = 60_000;
/** Kafka 4 needs it. */
const JAVA_LEAST = 17;

/** Whether startStack() can work here, in containers or as plain processes. */
export async function stackPrerequisites(): Promise<Prerequisites> {
  return (await dockerAnswers()) ? { kafka: true, s3: true } : nativePrerequisites();
}

/** What this machine can run as plain processes. */
export async function nativePrerequisites(
  version: KafkaVersion = KAFKA_VERSION_DEFAULT,
): Promise<Prerequisites> {
  if (process.platform === 'win32') {
    const reason = 'the native launcher runs on Linux and macOS; on Windows use Docker';
    return { kafka: reason, s3: reason };
  }
  const [kafka, s3] = await Promise.all([kafkaPrerequisites(version), s3Prerequisites()]);
  return { kafka, s3 };
}

async function kafkaPrerequisites(version: KafkaVersion): Promise<true | string> {
  const said = await run('java', 'java', ['--version'], { timeoutMs: QUICK_MS }).catch(() => '');
  const major = Number(/^\S+ (\d+)/.exec(said)?.[1] ?? 0); // Java 8 does not know the option
  if (major < JAVA_LEAST) return `no Java runtime of version ${JAVA_LEAST} or later: install one`;
  if (isKafkaCached(version)) return true;
  const maven = await run('mvn', 'mvn', ['-v'], { timeoutMs: QUICK_MS }).catch(() => undefined);
  return maven === undefined ? 'no Maven (mvn), which fetches Kafka: install it' : true;
}

async function s3Prerequisites(): Promise<true | string> {
  if (isPythonPartCached(S3_KMS_PART) && isPythonPartCached(ED25519_KMS_PART)) return true;
  return (await findPython()) === undefined ? `no Python 3.12 or 3.13. ${PYTHON_REMEDY}` : true;
}

/** True when a Docker daemon answers within a few seconds. */
export const dockerAnswers = (): Promise<boolean> =>
  run('docker', 'docker', ['info', '--format', '{{.ServerVersion}}'], { timeoutMs: 4_000 }).then(
    (version) => version.trim() !== '',
    () => false,
  );

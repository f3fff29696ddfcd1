// Who ends the servers and archivers of a chaos run when it was killed? This process: it waits for the end of its input.
import { stopStack } from '../../../localstack/stack.ts';

const [dir = ''] = process.argv.slice(2);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.stdin.resume();
process.stdin.on('end', () => {
  stopStack(dir).then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

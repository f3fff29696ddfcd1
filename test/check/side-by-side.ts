// How are checks run at once, so that none fails unseen?

/** `code` is null of what was killed or could not be started. `output` is all that it printed. */
export type Ended = { readonly code: number | null; readonly output: string };

/** Prints what each that failed has printed, whole and as soon as it ends. Answers which ones failed. */
export async function sideBySide(
  commands: readonly string[],
  run: (command: string) => Promise<Ended>,
  print: (text: string) => void,
): Promise<string[]> {
  const failed: string[] = [];
  await Promise.all(
    commands.map(async (command) => {
      const { code, output } = await run(command);
      if (code === 0) return;
      failed.push(command);
      print(
        `${output.trimEnd()}\n${command}: ${code === null ? 'did not run to its end' : `exit code ${code}`}\n\n`,
      );
    }),
  );
  return failed;
}

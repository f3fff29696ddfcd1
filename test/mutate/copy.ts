// Where is a mistake planted? In a copy of the project outside of it: the tree in use is never changed.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** All files that git knows or would add; `node_modules` is a link. */
export function copyProject(root: string): { readonly root: string; readonly remove: () => void } {
  const copy = mkdtempSync(join(tmpdir(), 'ledgerstone-mutate-'));
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of new Set(listed.split('\0').filter((name) => name !== ''))) {
    cpSync(join(root, file), join(copy, file), { recursive: true, force: true, errorOnExist: false });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return { root: copy, remove: () => rmSync(copy, { recursive: true, force: true }) };
}

export const projectRoot = dirname(dirname(import.meta.dirname));

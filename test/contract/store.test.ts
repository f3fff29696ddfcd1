// Do the stores that need no service keep the contract?
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { directoryStore } from '../../src/store/directory.ts';
import { memoryStore } from '../support/memory-store.ts';
import { storeLockSuite } from './store-lock-suite.ts';
import { storeSuite } from './store-suite.ts';

const memory = async () => {
  const store = memoryStore();
  const { attacker } = store;
  return {
    store,
    another: () => store,
    close: () => store.close(),
    adversary: {
      putVersion: async (key: string, bytes: Uint8Array) => void attacker.putVersion(key, bytes),
      addMarker: async (key: string) => void attacker.addMarker(key),
      deleteVersion: async (key: string, versionId: string) => attacker.deleteVersion(key, versionId),
      setHold: async (key: string, versionId: string, isHeld: boolean) =>
        attacker.setHold(key, isHeld, versionId),
      count: async (key: string) => store.versionsOf(key).length,
    },
  };
};

storeSuite('memory store', memory);
storeLockSuite('memory store', memory);

storeSuite('directory store', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ledgerstone-store-'));
  const path = join(folder, 'archive');
  const store = directoryStore({ path, create: true });
  return {
    store,
    another: () => directoryStore({ path, create: true }),
    close: () => rm(folder, { recursive: true }),
  };
});

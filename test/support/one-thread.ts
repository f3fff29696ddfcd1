// As on a machine of one core: the files of a run share the cores already, and a thread takes longer to start than to
// check what a test archives. Tests of threads say how many they want. Commands borrow theirs.
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { knowSignatures } from './known-signatures.ts';
import { lendThreads } from './lent-threads.ts';

os.availableParallelism = () => 1;
syncBuiltinESMExports();
lendThreads();
knowSignatures();

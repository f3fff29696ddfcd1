// Which scenarios are there, in the order in which they run?
import type { Scenario } from './scenario.ts';
import { brokers } from './scenarios/brokers.ts';
import { deleteRecords } from './scenarios/delete-records.ts';
import { network } from './scenarios/network.ts';
import { outage } from './scenarios/outage.ts';
import { recreate } from './scenarios/recreate.ts';
import { rolling } from './scenarios/rolling.ts';
import { s3Cut } from './scenarios/s3-cut.ts';
import { sigkill } from './scenarios/sigkill.ts';
import { storm } from './scenarios/storm.ts';
import { transactions } from './scenarios/transactions.ts';
import { upgrade } from './scenarios/upgrade.ts';
import { zombies } from './scenarios/zombies.ts';

export const SCENARIOS: readonly Scenario[] = [
  sigkill,
  zombies,
  rolling,
  upgrade,
  brokers,
  s3Cut,
  outage,
  network,
  storm,
  deleteRecords,
  recreate,
  transactions,
];

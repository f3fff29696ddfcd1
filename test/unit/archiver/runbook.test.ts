// Does every alarm have its entry in the runbook, and does every command there work as written?
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { metricsOf } from '../../../infra/grafana/metrics.ts';
import { HALT_CODES } from '../../../src/archiver/chain/halt.ts';
import { cli } from '../../support/cli.ts';

const ROOM = join(import.meta.dirname, '../../../src/archiver');
const runbook = readFileSync(join(ROOM, 'RUNBOOK.md'), 'utf8');
type Rule = { alert: string; expr: string; annotations: { summary: string; runbook_url: string } };
const { groups } = parse(readFileSync(join(ROOM, 'alerts.yaml'), 'utf8')) as { groups: [{ rules: Rule[] }] };
const { rules } = groups[0];
const headings = [...runbook.matchAll(/^##+ (.+)$/gm)].map(([, text]) => text);
const metricsIn = (text: string) => [...text.matchAll(/ledgerstone_[a-z0-9_]+/g)].map(([name]) => name);

describe('the runbook', () => {
  it.each([...HALT_CODES])('has an entry for the halt %s', (code) => {
    expect(headings).toContain(code);
  });

  it.each(rules.map(({ alert }) => alert))('has an entry for the alarm %s', (alert) => {
    expect(headings).toContain(alert);
    const rule = rules.find((one) => one.alert === alert);
    const base = '{{ with $externalLabels.ledgerstone_docs }}{{ . }}/{{ end }}src/archiver/RUNBOOK.md';
    expect(rule?.annotations.runbook_url).toBe(`${base}#${alert.toLowerCase()}`);
  });

  it('names no halt and no alarm that there is not', () => {
    const written = 'LedgerstoneRulesOutdated';
    expect(headings).toContain(written);
    const known = [...HALT_CODES, ...rules.map(({ alert }) => alert), written, 'Deploys'];
    expect(headings.filter((heading) => !known.includes(heading as string))).toEqual([]);
  });

  it('and the rules speak of metrics that there are', () => {
    const there = metricsOf('archiver').map(({ name }) => name);
    const spoken = [...metricsIn(runbook), ...rules.flatMap(({ expr }) => metricsIn(expr))];
    expect(spoken.filter((name) => !there.includes(name))).toEqual([]);
    expect(spoken.length).toBeGreaterThan(rules.length);
  });

  it('explains failed steps by codes that there are', () => {
    const codes = [...runbook.matchAll(/^\| (`[^|]+`) +\|/gm)].flatMap(([, cell]) =>
      [...(cell as string).matchAll(/`([a-z0-9-]+)`/g)].map(([, code]) => code as string),
    );
    const sources = [
      '.',
      '../sealing',
      '../store',
      '../sign',
      '../ingest',
      '../clients',
      '../apps/archiver',
    ].flatMap((room) =>
      readdirSync(join(ROOM, room), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => readFileSync(join(ROOM, room, name), 'utf8')),
    );
    expect(codes.length).toBeGreaterThan(10);
    expect(codes.filter((code) => !sources.some((text) => text.includes(`'${code}'`)))).toEqual([]);
  });

  const commands = [...runbook.matchAll(/^(ledgerstone .+?)(?: +#.*)?$/gm)].map(([, text]) => text as string);

  it.each(commands)('%s: is a command with these options', async (command) => {
    const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
    const filled = words
      .slice(1)
      .map((word) => ({ T: 'orders', P: '3', OFFSET: '7', OFFSET_AFTER_IT: '7', '…': 'why' })[word] ?? word);
    const { stderr } = await cli(filled);
    // It gets as far as its configuration file: every word before that was understood.
    expect(stderr).toContain('ledgerstone.yaml');
    expect(stderr).not.toMatch(/unknown option|too many arguments|missing/);
  });

  it('shows at least four commands', () => expect(commands.length).toBeGreaterThanOrEqual(4));
});

// Does nothing here claim what no program can: that a standard is met, or that data is erased?
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const CLAIMS: readonly RegExp[] = [
  /\b(SOC ?2|PCI(?: DSS)?|HIPAA|ISO(?:\/IEC)? ?27001|17a-4|GDPR|DORA|NIS2|SEC|FINRA)[- ](?:\w+[- ])?(compliant|certified|approved|ready)\b/i,
  /\bfully compliant\b|\bensures? compliance\b|\bguarantees? compliance\b/i,
  /Cohasset/i,
  /hardware WORM/i,
  /GDPR[- ]erased|\banonymi[sz](?:es|ed) (?:the )?(?:data|records|events)/i,
  /non-repudiation/i,
  /\btime[- ]synced\b/i,
  /complete from (?:the )?source/i,
  /court[- ]admissible/i,
  /FIPS[- ](?:140[- ]\d[- ])?validated/i,
  /(?:HIPAA|SOX) (?:demands?|requires?) (?:\w+ )?years/i,
  /\b\d+ ?% (?:compliant|coverage of controls)/i,
];

const claimsIn = (text: string): string[] => CLAIMS.flatMap((claim) => claim.exec(text)?.[0] ?? []);

function filesBelow(folder: string, endings: RegExp): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && endings.test(one.name))
    .map((one) => join(one.parentPath, one.name));
}
const files = [
  ...['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'package.json'].map((name) =>
    join(ROOT, name),
  ),
  ...filesBelow('docs', /\.(md|svg)$/),
  ...filesBelow('src', /\.(ts|md|yaml|html|sh)$/),
  ...filesBelow('infra', /\.(ts|md|yaml)$/),
];

describe('what is not to be claimed', () => {
  it.each([
    'PCI DSS compliant',
    'a SOC 2 compliant archive',
    'SEC 17a-4 compliant',
    'assessed by Cohasset',
    'hardware WORM',
    'court-admissible evidence',
    'FIPS 140-3 validated',
    'HIPAA requires six years',
    'it ensures compliance',
  ])('would be seen: %s', (text) => expect(claimsIn(text)).not.toEqual([]));

  it('is claimed nowhere', () => {
    expect(files.length).toBeGreaterThan(300);
    const found = files.flatMap((file) =>
      claimsIn(readFileSync(file, 'utf8')).map((claim) => `${file.slice(ROOT.length + 1)}: ${claim}`),
    );
    expect(found).toEqual([]);
  });
});

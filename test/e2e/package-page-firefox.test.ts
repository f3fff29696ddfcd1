// Does the page in a package say the same in Firefox?
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FIREFOX, type Firefox, openFirefox } from '../support/firefox.ts';
import { type Files, filesOf, type PackageWorld, packageWorld, writeZip } from '../support/package-world.ts';
import { TAMPERINGS } from '../support/tampered-packages.ts';

/** Once the page has its verdict. */
const VERDICT = `new Promise((resolve) => {
  const look = () => {
    const section = document.getElementById('verdict');
    if (section === null) return setTimeout(look, 20);
    resolve(JSON.stringify({
      colour: section.querySelector('.label').textContent,
      sentence: section.querySelector('.sentence').textContent,
      findings: [...section.querySelectorAll('li')].map((one) => one.textContent),
    }));
  };
  look();
})`;
const COMPARE = `(() => {
  for (const box of document.querySelectorAll('label.confirm input')) box.click();
  return document.querySelector('#verdict .label').textContent;
})()`;

describe.skipIf(FIREFOX === undefined)('open-me.html in Firefox', () => {
  let world: PackageWorld;
  let firefox: Firefox;
  let files: Files;
  let url: string;

  beforeAll(async () => {
    world = await packageWorld();
    const zip = await world.exported('case.zip', '--sign-key', world.at('export-key.pem'));
    files = filesOf(zip);
    writeFileSync(world.at('open-me.html'), files.get('open-me.html') as Uint8Array);
    url = pathToFileURL(world.at('open-me.html')).href;
    firefox = await openFirefox();
  });
  afterAll(async () => {
    await firefox?.close();
    world.remove();
  });

  const given = async (zip: string) => {
    await firefox.goto(url);
    await firefox.choose('#zip', zip);
    return JSON.parse(await firefox.text(VERDICT)) as {
      colour: string;
      sentence: string;
      findings: string[];
    };
  };

  it('is amber until the keys are compared, and then green', async () => {
    const { colour, sentence, findings } = await given(world.at('case.zip'));
    expect([colour, findings]).toEqual(['Amber', []]);
    expect(sentence).toMatch(/^Whose the keys are only the package says: compare them\./);
    expect(await firefox.text(COMPARE)).toBe('Green');
    expect(await firefox.text('document.querySelectorAll("tbody tr").length')).toBe('23');
    expect(await firefox.text('document.querySelector("tbody tr").textContent')).toContain(
      '2026-11-22 10:00:10.000Z',
    );
  });

  it('draws the way of an event to the signature', async () => {
    await firefox.text('document.getElementById("show-orders-0-12").click()');
    expect(await firefox.text('document.querySelector(".picture svg").getAttribute("aria-label")')).toMatch(
      /Event 12: [0-9a-f]{64}; .*Signature by the key of: audit\.example\.com/,
    );
  });

  it.each(TAMPERINGS)('$name', async ({ colour, says, change }) => {
    const { findings } = await given(writeZip(world.at('changed.zip'), change(files)));
    expect(findings.join('\n')).toMatch(says);
    expect(await firefox.text(COMPARE)).toBe(colour === 'red' ? 'Red' : 'Amber');
  });
});

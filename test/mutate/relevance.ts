// Which tests can notice a mistake in a file, the likeliest first?

/** For each file, the files that it imports, in whatever form; workers that it starts count. */
type Imports = ReadonlyMap<string, readonly string[]>;

/**
 * Those of the tests that import the file, directly or through others: the one that lies fewest imports away first, of
 * several the fastest.
 */
export function relevantTests(
  file: string,
  tests: ReadonlyMap<string, number>,
  imports: Imports,
): readonly string[] {
  const distances = distancesTo(file, imports);
  const distance = (test: string): number => distances.get(test) ?? Number.POSITIVE_INFINITY;
  const ms = (test: string): number => tests.get(test) ?? 0;
  return [...tests.keys()]
    .filter((test) => distances.has(test))
    .sort((a, b) => distance(a) - distance(b) || ms(a) - ms(b));
}

/** How many imports lie between each file and this one. */
function distancesTo(target: string, imports: Imports): ReadonlyMap<string, number> {
  const importers = new Map<string, string[]>();
  for (const [from, targets] of imports)
    for (const to of targets) importers.set(to, [...(importers.get(to) ?? []), from]);
  const distances = new Map([[target, 0]]);
  for (const [file, distance] of distances)
    for (const importer of importers.get(file) ?? [])
      if (!distances.has(importer)) distances.set(importer, distance + 1);
  return distances;
}

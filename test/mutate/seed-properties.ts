// Runs before each test file of a mutation run: are the property tests' cases the same for each mutant?
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['LEDGERSTONE_PROPERTY_SEED']) });

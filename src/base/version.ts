// Which version is this? It is signed into every manifest.
import manifest from '../../package.json' with { type: 'json' };

export const VERSION: string = manifest.version;

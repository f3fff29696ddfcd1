// Which files do systems leave in every folder that they open?

/** They say nothing, and are no sign that a package was changed. `path`: with `/` between folders. */
export const isLeftover = (path: string): boolean =>
  /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)$/i.test(path) || path.startsWith('__MACOSX/');

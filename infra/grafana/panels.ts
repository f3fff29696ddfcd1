// How does a list of panels become a dashboard of Grafana? Its JSON model, by rows of 24 columns.
// https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/

type Unit = 'short' | 's' | 'bytes' | 'Bps' | 'ops' | 'd' | 'h';

type PanelQuery = {
  readonly expr: string;
  /** What a series is called, such as `{{topic}}`. */
  readonly legend: string;
};

export type Panel = {
  readonly title: string;
  /** What it means, and when it is bad. */
  readonly about: string;
  readonly kind: 'stat' | 'timeseries' | 'table' | 'heatmap';
  readonly unit: Unit;
  readonly queries: readonly PanelQuery[];
  /** From here on it is red. Left out: no value of it is bad by itself. */
  readonly redFrom?: number;
};

export type PanelRow = { readonly title: string; readonly panels: readonly Panel[] };

type Dashboard = {
  readonly uid: string;
  readonly title: string;
  readonly about: string;
  /** A metric that each instance has: for the choice of jobs. */
  readonly jobsOf: string;
  /** A metric with the label `topic`. */
  readonly topicsOf: string;
  readonly rows: readonly PanelRow[];
};

const COLUMNS = 24;
const SIZES: Readonly<Record<Panel['kind'], { readonly w: number; readonly h: number }>> = {
  stat: { w: 4, h: 4 },
  timeseries: { w: 12, h: 8 },
  table: { w: 12, h: 8 },
  heatmap: { w: 12, h: 8 },
};
const SOURCE = { type: 'prometheus', uid: `\${datasource}` };

/** Ends with a line feed. */
export function dashboardText({ uid, title, about, jobsOf, topicsOf, rows }: Dashboard): string {
  const model = {
    uid,
    title,
    description: about,
    tags: ['ledgerstone'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'utc',
    annotations: { list: [] },
    links: [],
    templating: {
      list: [
        { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus', refresh: 1 },
        // All: those that are listed. Every job of Prometheus has a process.
        choice('job', `label_values(${jobsOf}, job)`, null),
        choice('topic', `label_values(${topicsOf}{job=~"$job"}, topic)`, '.*'),
      ],
    },
    panels: panelsOf(rows),
  };
  return `${JSON.stringify(model, null, 2)}\n`;
}

const choice = (name: string, query: string, allValue: string | null) => ({
  ...{ name, label: name, type: 'query', datasource: SOURCE, definition: query },
  query: { query, refId: name },
  ...{ refresh: 2, sort: 1, multi: true, includeAll: true, allValue },
  current: { text: ['All'], value: ['$__all'] },
});

function panelsOf(rows: readonly PanelRow[]): unknown[] {
  const panels: unknown[] = [];
  let y = 0;
  for (const row of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
    });
    y += 1;
    let [x, height] = [0, 0];
    for (const panel of row.panels) {
      const { w, h } = SIZES[panel.kind];
      if (x + w > COLUMNS) [x, y, height] = [0, y + height, 0];
      panels.push({ id: panels.length + 1, ...panelModel(panel), gridPos: { x, y, w, h } });
      [x, height] = [x + w, h];
    }
    y += height;
  }
  return panels;
}

function panelModel({ title, about, kind, unit, queries, redFrom }: Panel) {
  const steps = [
    { color: redFrom === undefined ? 'text' : 'green', value: null },
    ...(redFrom === undefined ? [] : [{ color: 'red', value: redFrom }]),
  ];
  const targets = queries.map(({ expr, legend }, index) => ({
    ...{ refId: String.fromCharCode(65 + index), datasource: SOURCE, expr, legendFormat: legend },
    ...(kind === 'table' && { format: 'table' }),
    ...(kind === 'heatmap' && { format: 'heatmap' }),
    ...{ instant: kind === 'stat' || kind === 'table', range: kind === 'timeseries' || kind === 'heatmap' },
  }));
  return {
    ...{ title, description: about, type: kind, datasource: SOURCE, targets },
    fieldConfig: { defaults: { unit, thresholds: { mode: 'absolute', steps } }, overrides: [] },
    options: OPTIONS[kind],
    // A time and one value a row: the time of the query says nothing, and is left out.
    ...(kind === 'table' && {
      transformations: [{ id: 'organize', options: { excludeByName: { Time: true, __name__: true } } }],
    }),
  };
}

const OPTIONS: Readonly<Record<Panel['kind'], unknown>> = {
  stat: {
    ...{ colorMode: 'value', graphMode: 'none', textMode: 'value_and_name' },
    reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
  },
  timeseries: {
    legend: { displayMode: 'list', placement: 'bottom' },
    tooltip: { mode: 'multi', sort: 'desc' },
  },
  table: { showHeader: true },
  heatmap: { calculate: false, yAxis: { unit: 's' }, color: { mode: 'scheme', scheme: 'Oranges' } },
};

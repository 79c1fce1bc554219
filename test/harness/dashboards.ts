/** The dashboards that are shipped for Grafana. */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from './processes';

export interface Source {
  readonly uid: string;
}

export interface Panel {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly datasource: Source;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string; readonly datasource: Source }[];
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
}

const FOLDER = path.join(projectRoot, 'config/grafana/dashboards');

/** All of them. */
export const dashboards = (): readonly Dashboard[] =>
  readdirSync(FOLDER).map((name) => JSON.parse(readFileSync(path.join(FOLDER, name), 'utf8')) as Dashboard);

/** A table of things. Wide ones scroll inside their own frame, never the page. */
import type { ComponentChildren } from 'preact';

export interface Column<T> {
  readonly key: string;
  readonly title: ComponentChildren;
  readonly cell: (row: T) => ComponentChildren;
  /** Numbers stand at the right. */
  readonly align?: 'right';
  /** Left out on a phone. */
  readonly wide?: boolean;
  /** As narrow as what is in it. */
  readonly narrow?: boolean;
}

interface TableProps<T> {
  /** What the table is, for those who can't see it. */
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  /** For tables that look like a row is chosen. */
  readonly isChosen?: (row: T) => boolean;
}

const classOf = ({ align, wide, narrow }: Pick<Column<never>, 'align' | 'wide' | 'narrow'>): string =>
  [align === 'right' ? 'right' : '', wide === true ? 'wide' : '', narrow === true ? 'narrow' : ''].filter((name) => name !== '').join(' ');

export const DataTable = <T,>({ label, columns, rows, keyOf, isChosen }: TableProps<T>) => (
  <div class="table-frame" role="region" aria-label={`Table: ${label}`} tabIndex={0}>
    <table>
      <thead>
        <tr>
          {columns.map(({ key, title, ...column }) => (
            <th key={key} scope="col" class={classOf(column)}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)} class={isChosen?.(row) === true ? 'chosen' : ''}>
            {columns.map(({ key, cell, ...column }) => (
              <td key={key} class={classOf(column)}>
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

/** What was typed into the form of a schedule. */
import { bodyOf, clockText, previewQueryOf, zonesKnown, type Typed } from '../../web/src/pages/schedules/form';

const typed: Typed = { name: ' ', cron: ' 0 6 * * * ', timeZone: 'Europe/Berlin', overlap: 'skip', catchUp: 'all', note: ' ask ada ' };

test('the DAG’s name stands for a name, and what is empty is not said', () => {
  const dag = { dagName: 'import', tasks: [] };
  expect(bodyOf(typed, dag)).toEqual({ ...typed, name: 'import', note: 'ask ada', dag });
  expect(bodyOf({ ...typed, name: 'x', note: '' }, dag)).toEqual({
    name: 'x',
    cron: typed.cron,
    timeZone: 'Europe/Berlin',
    overlap: 'skip',
    catchUp: 'all',
    dag,
  });
});

test('the times are asked for and told in a zone', () => {
  expect(previewQueryOf(typed)).toBe('cron=0+6+*+*+*&timeZone=Europe%2FBerlin&count=5');
  expect(clockText('2026-03-02T05:00:00Z', 'Europe/Berlin')).toMatch(/Mon,? 2 Mar 2026,? (at )?06:00/);
  expect(zonesKnown('Asia/Tokyo').slice(0, 2)).toEqual(['Asia/Tokyo', 'UTC']);
  expect(new Set(zonesKnown('UTC')).size).toBe(zonesKnown('UTC').length);
});

import * as dagre from '@dagrejs/dagre';
import { layoutOf, type LayoutRequest } from './layout';

interface Numbered {
  readonly number: number;
  readonly request: LayoutRequest;
}

self.onmessage = ({ data }: MessageEvent<Numbered>): void => {
  self.postMessage({ number: data.number, layout: layoutOf(dagre, data.request) });
};

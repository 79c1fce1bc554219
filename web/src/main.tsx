import { render } from 'preact';
import { App } from './app';
import './look/tokens.css';
import './look/base.css';
import './look/parts.css';
import './look/pages.css';

render(<App />, document.getElementById('app')!);

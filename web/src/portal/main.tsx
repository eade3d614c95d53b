// The portal for consumers.
import '../look/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { applyTheme, readTheme } from '../parts/theme.ts';
import { NoLink } from './NoLink.tsx';

applyTheme(readTheme());
const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <NoLink />
    </StrictMode>,
  );
}

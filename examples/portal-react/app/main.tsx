// The settings page of a product, with the portal of Posthorn inside.
import { PosthornPortal } from '@posthorn/portal';
import { useState } from 'react';
import { createRoot } from 'react-dom/client';

/** The server knows who is signed in, and makes the link for that customer. */
async function getUrl(): Promise<string> {
  const answer = await fetch('/api/webhook-portal', { method: 'POST' });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  const { url } = (await answer.json()) as { url: string };
  return url;
}

function Settings() {
  const [mode, setMode] = useState<'light' | 'dark'>('light');
  const [language, setLanguage] = useState<'en' | 'de'>('en');
  const [problem, setProblem] = useState('');
  return (
    <main>
      <h1>Settings</h1>
      <button type="button" onClick={() => setMode(mode === 'light' ? 'dark' : 'light')}>
        {mode === 'light' ? 'Dark' : 'Light'}
      </button>
      <button type="button" onClick={() => setLanguage(language === 'en' ? 'de' : 'en')}>
        {language === 'en' ? 'Deutsch' : 'English'}
      </button>
      <h2>Webhooks</h2>
      {problem !== '' && <p role="alert">{problem}</p>}
      <PosthornPortal
        getUrl={getUrl}
        mode={mode}
        language={language}
        onReady={() => setProblem('')}
        onError={({ message }) => setProblem(message)}
      />
    </main>
  );
}

const root = document.getElementById('root');
if (root) createRoot(root).render(<Settings />);

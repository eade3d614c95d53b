// One setting: its fields, and below them what its change does.
import type { ReactNode } from 'react';
import type { Setting as SettingName } from './draft.ts';
import { useSettingsForm } from './form.tsx';

export function Setting({ of, children }: { of: SettingName; children: ReactNode }) {
  const { effectOf } = useSettingsForm();
  const effect = effectOf(of);
  return (
    <div className={`setting${effect ? ' setting-changed' : ''}`}>
      {children}
      <div aria-live="polite">
        {effect && <p className={effect.caution ? 'setting-effect caution' : 'setting-effect'}>{effect.effect}</p>}
      </div>
    </div>
  );
}

/** A heading with a sentence, and its settings beside it. */
export function Group({ title, about, children }: { title: string; about: ReactNode; children: ReactNode }) {
  return (
    <section className="settings-group">
      <div>
        <h2>{title}</h2>
        <p className="quiet">{about}</p>
      </div>
      <div className="settings-fields">{children}</div>
    </section>
  );
}

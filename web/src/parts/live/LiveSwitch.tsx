// Turns live updates of a list on and off, and tells how many new rows wait while somebody reads further down.
import { ToggleButton } from 'react-aria-components/ToggleButton';
import { useConnection } from '../../api/use.ts';
import { Button } from '../Button.tsx';
import './live-switch.css';

export interface LiveSwitchProps {
  isLive: boolean;
  onChange: (isLive: boolean) => void;
}

export function LiveSwitch({ isLive, onChange }: LiveSwitchProps) {
  const isAway = useConnection() !== 'ok';
  return (
    <ToggleButton className={`button live-switch${isAway ? ' live-switch-waiting' : ''}`} isSelected={isLive} onChange={onChange}>
      <span className="live-switch-dot" aria-hidden />
      {!isLive ? 'Live is off' : isAway ? 'Live is waiting' : 'Live'}
    </ToggleButton>
  );
}

/** More are not counted. */
export const mostWaiting = 1_000;

export function NewRows({ count, onShow }: { count: number; onShow: () => void }) {
  return (
    <div className="new-rows" aria-live="polite">
      {count > 0 && (
        <Button tone="primary" onPress={onShow}>
          {count >= mostWaiting ? `More than ${mostWaiting.toLocaleString('en')} new` : `${count.toLocaleString('en')} new`} ↑
        </Button>
      )}
    </div>
  );
}

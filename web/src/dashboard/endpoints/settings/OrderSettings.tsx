// In which order events are sent, and how many in one request.
import { Choice, Numeric, useSettingsForm } from './form.tsx';
import { Group, Setting } from './Setting.tsx';

const orders = { none: 'None: as soon as possible', endpoint: 'All events, one after the other', key: 'Those with the same ordering key' };
const deadLetters = { skip: 'Goes on with the next', block: 'Waits until it is replayed, cancelled or skipped' };

export function OrderSettings() {
  const { ordering } = useSettingsForm().draft;
  return (
    <Group title="Order and batches" about="An order, batches and coalescing need the lane of the endpoint: it is then the only sender.">
      <Setting of="ordering">
        <Choice name="ordering" of="ordering" label="Order" options={orders} />
      </Setting>
      {ordering !== 'none' && (
        <Setting of="onDeadLetter">
          <Choice name="onDeadLetter" of="onDeadLetter" label="After a dead letter the order" options={deadLetters} />
        </Setting>
      )}
      <Setting of="batch">
        <div className="settings-pair">
          <Numeric name="batchEvents" of="batch" label="Events in one request" placeholder="one" />
          <Numeric name="batchWait" label="Waits for more, in milliseconds" placeholder="0" />
        </div>
      </Setting>
      <Setting of="coalesceMs">
        <Numeric
          name="coalesceMs"
          of="coalesceMs"
          label="Coalesces within, in milliseconds"
          placeholder="every event is sent"
          hint="Of the events with the same coalesce key only the latest is sent."
        />
      </Setting>
    </Group>
  );
}

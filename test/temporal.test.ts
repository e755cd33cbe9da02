import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitsUtc, readTemporal, Temporal, zoneOf } from '../src/temporal.ts';

function read(text: string): { day: number; microsecond: number; zone: string | undefined; offset: number; fraction: string } | undefined {
  const temporal = new Temporal();
  if (!readTemporal(text, temporal)) return undefined;
  const { day, microsecond, offsetMinutes, fraction } = temporal;
  return { day, microsecond, zone: zoneOf(text, temporal), offset: offsetMinutes, fraction };
}

const dayMs = 86_400_000;

describe('dates and times of FHIR', () => {
  it('are read as JavaScript reads them, in any year', () => {
    const dates = fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });
    fc.assert(
      fc.property(dates, (date) => {
        const text = date.toISOString();
        const found = read(text);
        expect((found?.day ?? 0) * dayMs + (found?.microsecond ?? 0) / 1000).toBe(date.getTime());
        expect(found?.zone).toBe('Z');
        expect(read(text.slice(0, 10))).toEqual({ day: Math.floor(date.getTime() / dayMs), microsecond: 0, zone: 'day', offset: 0, fraction: 'exact' });
      }),
    );
  });

  it('may stop at the year or the month', () => {
    expect(read('1970')).toMatchObject({ day: 0, zone: 'year' });
    expect(read('1970-02')).toMatchObject({ day: 31, zone: 'month' });
    expect(read('0001')).toMatchObject({ day: -719_162 });
    expect(read('9999-12-31')).toMatchObject({ day: 2_932_896 });
  });

  it('tell zone and offset, and nothing of a zone where none is written', () => {
    expect(read('2024-02-29T23:59:59-05:30')).toMatchObject({ zone: '-05:30', offset: -330 });
    expect(read('2024-02-29T00:00:00-00:00')).toMatchObject({ zone: '-00:00' });
    expect(read('2024-02-29T00:00:00+14:00')).toMatchObject({ zone: '+14:00', offset: 840 });
    expect(read('2024-02-29T01:02:03')).toMatchObject({ zone: undefined, microsecond: 3_723_000_000 });
    expect(read('2024-02-29T01:02')).toMatchObject({ microsecond: 3_720_000_000 });
    expect(read('2024-02-29T01:02Z')).toMatchObject({ zone: 'Z' });
  });

  it('say what of a fraction microseconds do not show', () => {
    const fraction = (digits: string) => read(`1970-01-01T00:00:00.${digits}Z`);
    expect(fraction('5')).toMatchObject({ microsecond: 500_000, fraction: 'exact' });
    expect(fraction('000001')).toMatchObject({ microsecond: 1, fraction: 'exact' });
    expect(fraction('000')).toMatchObject({ microsecond: 0, fraction: 'notation' });
    expect(fraction('120')).toMatchObject({ microsecond: 120_000, fraction: 'notation' });
    expect(fraction('1234567')).toMatchObject({ microsecond: 123_456, fraction: 'digits' });
    expect(fraction('123456000')).toMatchObject({ microsecond: 123_456, fraction: 'notation' });
  });

  it('are nothing where no such moment exists, or it is written otherwise', () => {
    const wrong = [
      ...['', '0', '197', '0000', '19700', '1970-', '1970-1', '1970-00', '1970-13', '1970-01-', '1970-01-1', '1970-01-00', '1970-01-32', '2023-02-29'],
      ...['1900-02-29', '2024-13-45', '2024-04-31', '1970/01/01', '01.01.1970', '+1970-01-01', '1970-01-01 ', ' 1970-01-01', '1970-01-01T', '１９７０'],
      ...['1970-01-01T0', '1970-01-01T00', '1970-01-01T24:00:00Z', '1970-01-01T00:60:00Z', '1970-01-01T23:59:60Z', '1970-01-01 00:00:00Z'],
      ...['1970-01-01T00:00:00.Z', '1970-01-01T00:00:00,5Z', '1970-01-01T00:00:00z', '1970-01-01T00:00:00+1:00', '1970-01-01T00:00:00+0100'],
      ...['1970-01-01T00:00:00+14:01', '1970-01-01T00:00:00+01:60', '1970-01-01T00:00:00Z ', '1970-01-01T00:00:00+01:00:00', '1970-01-01T0a:00:00Z'],
    ];
    for (const text of wrong) expect([text, read(text)]).toEqual([text, undefined]);
  });

  it('fit UTC when they have a zone or no time, and stay between the years 1 and 9999', () => {
    const fits = (text: string) => {
      const temporal = new Temporal();
      return readTemporal(text, temporal) && fitsUtc(temporal);
    };
    expect(fits('2024')).toBe(true);
    expect(fits('2024-01-01T00:00:00+01:00')).toBe(true);
    expect(fits('2024-01-01T00:00:00')).toBe(false);
    expect(fits('0001-01-01T00:00:00+00:01')).toBe(false);
    expect(fits('0001-01-01T00:00:00-14:00')).toBe(true);
    expect(fits('9999-12-31T23:59:59-00:01')).toBe(false);
  });
});

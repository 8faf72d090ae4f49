import Type from 'typebox';
import { closed, text } from '../http/schemas.js';

/** By which a provider that holds no code of a person finds out who it is (令26条3項). */
export const person = closed(
  {
    name: text(1, '氏名'),
    birthDate: Type.String({ format: 'date', description: '生年月日' }),
    sex: text(1, '性別'),
    address: text(1, '住所'),
  },
  '氏名, 生年月日, 性別, 住所',
);

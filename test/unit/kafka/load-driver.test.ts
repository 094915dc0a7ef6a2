import { expect, test } from 'vitest'
import { chosenDriver } from '../../../src/kafka/chosen-driver.js'
import { checkDriver, loadDriver } from '../../../src/kafka/load-driver.js'

test('kafkajs, unless something else is said, or there', () => {
  expect(chosenDriver('source', undefined, {})).toBe('kafkajs')
  expect(chosenDriver('source', 'platformatic', {})).toBe('platformatic')
})

test('the environment overrides the options, and the end overrides the rest', () => {
  expect(chosenDriver('source', 'kafkajs', { MILLRACE_KAFKA: 'platformatic' })).toBe('platformatic')
  const environment = { MILLRACE_KAFKA: 'kafkajs', MILLRACE_KAFKA_SINK: 'platformatic' }
  expect(chosenDriver('sink', undefined, environment)).toBe('platformatic')
  expect(chosenDriver('source', undefined, environment)).toBe('kafkajs')
  expect(chosenDriver('source', undefined, { MILLRACE_KAFKA: '' })).toBe('kafkajs')
})

test('a variable that names no driver says what was meant', () => {
  const choose = () => chosenDriver('source', undefined, { MILLRACE_KAFKA: 'platformatik' })
  expect(choose).toThrow(
    'MILLRACE_KAFKA: got "platformatik", wanted one of kafkajs, platformatic; did you mean platformatic?',
  )
})

test('a driver whose client is not installed says how to install it', async () => {
  const wanted =
    /ERR_CONFIG kafka: the driver platformatic is not installed: npm install @platformatic\/kafka/
  const text = (error: { code: string; message: string }) => `${error.code} ${error.message}`
  expect(await loadDriver('platformatic').catch(text)).toMatch(wanted)
  let thrown = ''
  try {
    checkDriver('platformatic')
  } catch (error) {
    thrown = text(error as { code: string; message: string })
  }
  expect(thrown).toMatch(wanted)
})

test('kafkajs is there', async () => {
  checkDriver('kafkajs')
  expect((await loadDriver('kafkajs')).name).toBe('kafkajs')
})

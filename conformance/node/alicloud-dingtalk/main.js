'use strict';
// @alicloud/dingtalk, the official SDK of the newer host: its token calls. Its endpoint is an option.

const OAuth = require('@alicloud/dingtalk/oauth2_1_0');
const { Config } = require('@alicloud/openapi-client');
const { step, equal, refused, env, main } = require('steps');

const [protocol, endpoint] = env('URL').split('://');
const client = new OAuth.default(new Config({ protocol, endpoint, regionId: 'central' }));

async function count(token) {
  const reply = await fetch(`${env('URL')}/topapi/user/count?access_token=${token}&only_active=false`);
  return (await reply.json()).result.count;
}

main(async () => {
  await step('accessToken, good for the older calls', async () => {
    const { body } = await client.getAccessToken(new OAuth.GetAccessTokenRequest(
      { appKey: env('FULL_APPKEY'), appSecret: env('FULL_APPSECRET') }));
    equal('expireIn', body.expireIn, 7200);
    equal('count', await count(body.accessToken), 127);
  });

  await step('/{corpId}/token', async () => {
    const { body } = await client.getToken(env('CORPID'), new OAuth.GetTokenRequest(
      { clientId: env('FULL_APPKEY'), clientSecret: env('FULL_APPSECRET'), grantType: 'client_credentials' }));
    equal('expiresIn', body.expiresIn, 7200);
    equal('count', await count(body.accessToken), 127);
  });

  await step('corpAccessToken and suiteAccessToken of a third-party app', async () => {
    const suite = { suiteKey: env('PARTNER_APPKEY'), suiteSecret: env('PARTNER_APPSECRET'), suiteTicket: 'ticket' };
    const { body } = await client.getCorpAccessToken(new OAuth.GetCorpAccessTokenRequest({ authCorpId: env('CORPID'), ...suite }));
    equal('expireIn', body.expireIn, 7200);
    equal('count', await count(body.accessToken), 127);
    equal('expireIn', (await client.getSuiteAccessToken(new OAuth.GetSuiteAccessTokenRequest(suite))).body.expireIn, 7200);
  });

  await step('refusals', async () => {
    await refused('invalidClientIdOrSecret', () => client.getAccessToken(new OAuth.GetAccessTokenRequest(
      { appKey: env('FULL_APPKEY'), appSecret: 'wrong' })));
    await refused('unsupported.grant.type', () => client.getToken(env('CORPID'), new OAuth.GetTokenRequest(
      { clientId: env('FULL_APPKEY'), clientSecret: env('FULL_APPSECRET'), grantType: 'password' })));
    await refused('invalidSuiteKey', () => client.getCorpAccessToken(new OAuth.GetCorpAccessTokenRequest(
      { suiteKey: 'suitenobody', suiteSecret: 'wrong', authCorpId: env('CORPID'), suiteTicket: 'ticket' })));
  });
});

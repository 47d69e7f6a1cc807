// Package wire is the DingTalk dialect as bytes: parameters in, envelope out,
// and the table of error codes. It has no data of its own.
//
// A caller describes its endpoints as rows ([Endpoint] with its [Param] rows)
// and says who may call ([Authority]). A [Service] made of them answers a
// [Request] in this order (contract D2): path, method, token, address,
// permission point and app type, rate, parameters in the order of their rows, and
// then the endpoint's own Serve. The first that fails decides the reply.
//
// There are three families of endpoints (contract 1.1, 3.4), apart in their
// envelopes:
//
//   - [TOP], under /topapi: a result object, a request_id, and failures of
//     token and permission wrapped in errcode 88.
//   - [Classic]: the members stand at the top, there is no request_id, and
//     every failure has its own errcode.
//   - [OAuth], under /v1.0: the newer host's token calls. They take JSON only,
//     and a failure has an HTTP status and a word for a code.
//
// Nothing in here knows an HTTP engine but http.go, which adapts net/http.
//
// The common call costs little on purpose: a Call and its buffers are pooled,
// parameters are decoded in place in the bytes of the request, and Serve
// appends its result behind an envelope that is already begun, so that nothing
// is copied and there is nothing for reflection to do.
package wire

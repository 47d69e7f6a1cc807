//go:build conformance

package conformance

import (
	"context"
	"os/exec"
	"path/filepath"
)

// clients are the published SDKs, and the curl lines of the documentation.
// Those that no registry served where this was developed are there too, so that
// they are named.
func clients() []client {
	const (
		javaOapi  = "java/alibaba-dingtalk-service-sdk"
		javaNew   = "java/dingtalk"
		pySDK     = "python/dingtalk-sdk"
		pyDing    = "python/dingding-sdk"
		pyUtils   = "python/dingtalk-utils"
		pyAPI     = "python/dingtalk-api"
		pyClassic = "python/dingapi"
		pyGmdzy   = "python/dingtalk-sdk-gmdzy2010"
		pyNew     = "python/alibabacloud-dingtalk"
		nodeSDK   = "node/node-dingtalk"
		nodeOld   = "node/dingtalk-node"
		nodeNew   = "node/alicloud-dingtalk"
	)
	return []client{
		{name: "curl, as documented", fetch: tools("curl", "bash"), run: curl},

		{name: "java com.aliyun:alibaba-dingtalk-service-sdk", fetch: maven(javaOapi), counts: officialJava, run: java(javaOapi), signs: true},
		{name: "java com.aliyun:dingtalk", fetch: maven(javaNew), run: java(javaNew)},

		{name: "python dingtalk-sdk", counts: somePython, fetch: pip(pySDK), run: python(pySDK)},
		{name: "python dingding-sdk", counts: somePython, fetch: pip(pyDing), run: python(pyDing), standIn: true},
		{name: "python dingtalk-utils", counts: somePython, fetch: pip(pyUtils), run: python(pyUtils), standIn: true},
		{name: "python dingtalk-api", counts: somePython, fetch: pip(pyAPI), run: python(pyAPI), standIn: true},
		{name: "python dingapi", counts: somePython, fetch: pip(pyClassic), run: python(pyClassic)},
		{name: "python dingtalk-sdk-gmdzy2010", counts: somePython, fetch: pip(pyGmdzy), run: python(pyGmdzy), standIn: true},
		{name: "python alibabacloud-dingtalk", counts: somePython, fetch: pip(pyNew), run: python(pyNew)},

		{name: "npm node-dingtalk", counts: someNPM, fetch: npm(nodeSDK), run: node(nodeSDK)},
		{name: "npm dingtalk-node", counts: someNPM, fetch: npm(nodeOld), run: node(nodeOld)},
		{name: "npm @alicloud/dingtalk", counts: someNPM, fetch: npm(nodeNew), run: node(nodeNew)},
		{name: "npm dingtalk.js", fetch: listed("dingtalk.js@0.7.7")},
		{name: "npm ming-dingtalk", fetch: listed("ming-dingtalk")},

		{name: "go github.com/zhaoyunxing92/dingtalk/v2", fetch: served("github.com/zhaoyunxing92/dingtalk/v2@latest")},
		{name: "go github.com/fastwego/dingding", fetch: served("github.com/fastwego/dingding@latest")},
		{name: "go github.com/hugozhu/godingtalk", fetch: served("github.com/hugozhu/godingtalk@latest")},
	}
}

// curl runs the requests of the documentation's examples.
func curl(ctx context.Context, w *workshop) *exec.Cmd {
	return exec.CommandContext(ctx, "bash", filepath.Join(w.here, "curl", "documented.sh"))
}

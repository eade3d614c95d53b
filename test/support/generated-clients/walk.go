// Uses the generated Go client: tenant, endpoint, event, list, replay. Prints the id of the event.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"example.com/walk/posthorn"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// got returns the answer of the expected status, or ends the program with what came instead.
func got[T any](answer *T, status int, body []byte) T {
	if answer == nil {
		log.Fatalf("status %d: %s", status, body)
	}
	return *answer
}

func main() {
	ctx := context.Background()
	authorize := func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+os.Getenv("POSTHORN_API_KEY"))
		return nil
	}
	client := must(posthorn.NewClientWithResponses(os.Getenv("POSTHORN_URL"), posthorn.WithRequestEditorFn(authorize)))

	key := os.Getenv("WALK")
	params := &posthorn.CreateTenantParams{IdempotencyKey: &key}
	made := must(client.CreateTenantWithResponse(ctx, params, posthorn.NewTenant{Name: "Go"}))
	tenant := got(made.JSON201, made.StatusCode(), made.Body)
	again := must(client.CreateTenantWithResponse(ctx, params, posthorn.NewTenant{Name: "Go"}))
	if got(again.JSON201, again.StatusCode(), again.Body).Id != tenant.Id {
		log.Fatal("the same key made another tenant")
	}

	name, stale := "Go, changed", `"stale"`
	change := posthorn.TenantChange{Name: &name}
	late := must(client.ChangeTenantWithResponse(ctx, tenant.Id, &posthorn.ChangeTenantParams{IfMatch: &stale}, change))
	if problem := got(late.ApplicationproblemJSON412, late.StatusCode(), late.Body); problem.Code != "precondition_failed" {
		log.Fatal(problem)
	}
	changed := must(client.ChangeTenantWithResponse(ctx, tenant.Id, &posthorn.ChangeTenantParams{IfMatch: &tenant.Etag}, change))
	if got(changed.JSON200, changed.StatusCode(), changed.Body).Etag == tenant.Etag {
		log.Fatal("the etag has not changed")
	}

	var retry posthorn.RetryPolicy
	if err := retry.FromRetrySchedule(posthorn.RetrySchedule{Schedule: []string{"1s"}}); err != nil {
		log.Fatal(err)
	}
	hook := posthorn.NewEndpoint{Url: os.Getenv("RECEIVER_URL"), EventTypes: &[]string{"order.*"}, Retry: &retry}
	created := must(client.CreateEndpointWithResponse(ctx, tenant.Id, nil, hook))
	endpoint := got(created.JSON201, created.StatusCode(), created.Body)

	refused := must(client.CreateEndpointWithResponse(ctx, tenant.Id, nil, posthorn.NewEndpoint{Url: "http://10.0.0.1/"}))
	if problem := got(refused.ApplicationproblemJSON422, refused.StatusCode(), refused.Body); problem.Errors[0].Path != "url" {
		log.Fatal(problem)
	}

	event := posthorn.NewEvent{Type: "order.created", Data: map[string]any{"orderId": 1001}}
	sent := must(client.PostEventWithResponse(ctx, tenant.Id, nil, event))
	accepted := got(sent.JSON202, sent.StatusCode(), sent.Body)

	finished := []posthorn.DeliveryStatus{posthorn.DeliveryStatusSucceeded, posthorn.DeliveryStatusDeadLettered}
	query := &posthorn.ListDeliveriesParams{Tenant: &tenant.Id, Endpoint: &endpoint.Id, Status: &finished}
	var delivery posthorn.Delivery
	for deadline := time.Now().Add(time.Minute); delivery.Id == "" && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		listed := must(client.ListDeliveriesWithResponse(ctx, query))
		for _, one := range got(listed.JSON200, listed.StatusCode(), listed.Body).Data {
			delivery = one
		}
	}
	if delivery.Status != posthorn.DeliveryStatusSucceeded || delivery.Event != accepted.Id {
		log.Fatal(delivery)
	}

	reason := "a test"
	replayed := must(client.ReplayDeliveryWithResponse(ctx, delivery.Id, nil, posthorn.CommandReason{Reason: &reason}))
	if round := got(replayed.JSON202, replayed.StatusCode(), replayed.Body).Round; round != 2 {
		log.Fatalf("round %d", round)
	}
	fmt.Println(accepted.Id)
}

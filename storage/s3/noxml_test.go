package s3_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"wharf"
	"wharf/storage/s3"
)

// TestNameThatXMLCannotCarry has an object of another program whose name a
// batch of deletions and a list would turn into that of a file.
func TestNameThatXMLCannotCarry(t *testing.T) {
	const foreign, file = "v\uffff1", "v\ufffd1"
	store, _, bucket := onGateway(t, s3.Options{}, pass)
	client := sdkClient()
	if _, err := client.PutObject(t.Context(), &awss3.PutObjectInput{
		Bucket: &bucket, Key: aws.String("path/" + foreign), Body: strings.NewReader("foreign")}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Put(t.Context(), file, strings.NewReader("file"), wharf.PutOptions{Size: 4}); err != nil {
		t.Fatal(err)
	}
	_, err := store.Stat(t.Context(), foreign)
	wantError(t, err, wharf.CodeNotFound, "there is no file")
	_, err = store.Put(t.Context(), foreign, strings.NewReader("x"), wharf.PutOptions{Size: 1})
	wantError(t, err, wharf.CodeInvalid, "U+FFFE or U+FFFF")
	for o, err := range store.List(t.Context(), wharf.ListOptions{Prefix: "v\uffff"}) {
		t.Errorf("a list of what begins with v and U+FFFF yields %q, %v", o.Key, err)
	}
	if err := store.Delete(t.Context(), []wharf.Key{foreign}); err != nil {
		t.Error(err)
	}
	if got := readAll(t, store, file); string(got) != "file" {
		t.Errorf("the file holds %q", got)
	}
	if _, err := client.HeadObject(t.Context(), &awss3.HeadObjectInput{Bucket: &bucket, Key: aws.String("path/" + foreign)}); err != nil {
		t.Errorf("the object of the other program: %v", err)
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func (b *bench) s3Client() *s3.Client {
	return s3.New(s3.Options{
		Region:                     "us-east-1",
		BaseEndpoint:               aws.String("http://" + b.versitygw.addr),
		UsePathStyle:               true,
		Credentials:                credentials.NewStaticCredentialsProvider(gatewayKey, gatewayKey, ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	})
}

func externalStage(path string) string {
	return fmt.Sprintf(" URL = 's3://%s/%s/' CONNECTION = (ACCESS_KEY_ID = '%s', SECRET_ACCESS_KEY = '%s')",
		bucket, path, gatewayKey, gatewayKey)
}

// s3Upload is 1 GiB through Wharf into a bucket, beside the SDK's own
// transfer manager that sends the same file straight to it.
func (b *bench) s3Upload(load string) error {
	file, err := b.bigFile()
	if err != nil {
		return err
	}
	if err := b.wharf.createStage("ext", externalStage("ext")); err != nil {
		return err
	}
	tm := transfermanager.New(b.s3Client(), func(o *transfermanager.Options) {
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	})
	return b.rivals(load, "MiB/s", float64(b.big)/mebibyte, []rival{
		{"Wharf", "-", b.wharf.process, func() error {
			return curl("-H", "stage_name:ext", "-F", "upload=@"+file, "-XPUT", "http://"+b.wharf.httpAddr+"/v1/upload_to_stage")
		}},
		{"transfer manager", "-", nil, func() error { return uploadStraight(b.ctx, tm, file) }},
	})
}

func uploadStraight(ctx context.Context, tm *transfermanager.Client, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	_, err = tm.UploadObject(ctx, &transfermanager.UploadObjectInput{
		Bucket: aws.String(bucket), Key: aws.String("straight.bin"), Body: f})
	return errors.Join(err, f.Close())
}

// listBesideS3 lists the same 100,000 names in Wharf by LIST and in versitygw
// by ListObjectsV2.
func (b *bench) listBesideS3(load string) error {
	files := min(100_000, b.files)
	if err := b.createStages("l100k"); err != nil {
		return err
	}
	var servers []sqlServer
	for _, w := range b.wharfs() {
		if err := b.fill(w, "l100k", 0, files); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		servers = append(servers, w.sql())
	}
	folder := filepath.Join(b.versitygw.root, bucket, "l100k")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for i := range files {
		if err := os.WriteFile(filepath.Join(folder, filler(i)), []byte("x"), 0o644); err != nil {
			return err
		}
	}
	if err := b.rowRounds(load, files, servers, func(s sqlServer) (int, error) { return countRows(b.ctx, s.db, "LIST @l100k") }); err != nil {
		return err
	}
	peer := b.table.add(&result{load: load, server: "versitygw", unit: "rows/s", syncs: "-"})
	return timed(peer, files, b.listStraight) // 13 to 16 s: once is enough
}

func (b *bench) listStraight() (n int, err error) {
	pages := s3.NewListObjectsV2Paginator(b.s3Client(), &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: aws.String("l100k/")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(b.ctx)
		if err != nil {
			return n, err
		}
		n += len(page.Contents)
	}
	return n, nil
}

// timed adds the speed of work, which must give want units.
func timed(r *result, want int, work func() (int, error)) error {
	from := time.Now()
	got, err := work()
	if err == nil && got != want {
		err = fmt.Errorf("%s: %d of %d", r.server, got, want)
	}
	r.figures = append(r.figures, float64(got)/time.Since(from).Seconds())
	return err
}

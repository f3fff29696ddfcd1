// How fast does a sink move the same events if it proves nothing? The reference of bench/sink.ts.
//
// A consumer group member (franz-go) that writes each partition's values as lines into zstd objects (klauspost,
// fastest level) and puts those into S3, each with a compliance lock and a SHA-256 checksum. It makes no hash of an
// event, no chain, no signature and no proof, and it may store an event twice. It ends when `-records` are stored, and
// prints one line of JSON.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/klauspost/compress/zstd"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

var (
	brokers  = flag.String("brokers", "127.0.0.1:9092", "addresses of brokers, with commas")
	topic    = flag.String("topic", "", "the topic to read from its start")
	group    = flag.String("group", "", "consumer group, also a part of each key")
	records  = flag.Int64("records", 0, "end after so many")
	endpoint = flag.String("endpoint", "", "URL of the S3 server")
	bucket   = flag.String("bucket", "", "bucket with Object Lock")
	region   = flag.String("region", "eu-central-1", "its Region")
	mib      = flag.Int("mib", 16, "lines of one object, in MiB, before compression")
	writers  = flag.Int("writers", 4, "objects that are compressed and put at once")
)

// object is what one PUT will store.
type object struct {
	partition   int32
	firstOffset int64
	records     int64
	lines       bytes.Buffer
}

type sink struct {
	client *s3.Client
	ready  chan *object
}

func main() {
	flag.Parse()
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	s := &sink{ready: make(chan *object, 2), client: s3.New(s3.Options{
		Region:       *region,
		BaseEndpoint: endpoint,
		UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(
			os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), ""),
	})}
	consumer, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(*brokers, ",")...),
		kgo.ConsumerGroup(*group),
		kgo.ConsumeTopics(*topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
	)
	if err != nil {
		return err
	}
	defer consumer.Close()

	work, ctx := errgroup.WithContext(ctx)
	for range *writers {
		work.Go(func() error { return s.write(ctx) })
	}
	var started time.Time
	work.Go(func() error {
		defer close(s.ready)
		var err error
		started, err = s.read(ctx, consumer)
		return err
	})
	if err := work.Wait(); err != nil {
		return err
	}
	return report(time.Since(started))
}

// read hands on full objects, and at the end those that are not full. It returns when the first record came.
func (s *sink) read(ctx context.Context, consumer *kgo.Client) (started time.Time, err error) {
	open := map[int32]*object{}
	hand := func(o *object) error {
		select {
		case s.ready <- o:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for seen := int64(0); seen < *records; {
		fetches := consumer.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return started, err
		}
		if started.IsZero() && !fetches.Empty() {
			started = time.Now()
		}
		for iter := fetches.RecordIter(); !iter.Done(); {
			record := iter.Next()
			o := open[record.Partition]
			if o == nil {
				o = &object{partition: record.Partition, firstOffset: record.Offset}
				o.lines.Grow(*mib<<20 + 64<<10)
				open[record.Partition] = o
			}
			o.lines.Write(record.Value)
			o.lines.WriteByte('\n')
			o.records++
			seen++
			if o.lines.Len() < *mib<<20 {
				continue
			}
			delete(open, record.Partition)
			if err := hand(o); err != nil {
				return started, err
			}
		}
	}
	for _, o := range open {
		if err := hand(o); err != nil {
			return started, err
		}
	}
	return started, nil
}

// write compresses and stores until nothing more comes.
func (s *sink) write(ctx context.Context) error {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	var packed []byte
	for o := range s.ready {
		packed = encoder.EncodeAll(o.lines.Bytes(), packed[:0])
		digest := sha256.Sum256(packed)
		_, err := s.client.PutObject(ctx, &s3.PutObjectInput{
			Bucket:                    bucket,
			Key:                       aws.String(fmt.Sprintf("go-sink/%s/%d/%020d.zst", *group, o.partition, o.firstOffset)),
			Body:                      bytes.NewReader(packed),
			ChecksumSHA256:            aws.String(base64.StdEncoding.EncodeToString(digest[:])),
			ObjectLockMode:            types.ObjectLockModeCompliance,
			ObjectLockRetainUntilDate: aws.Time(time.Now().Add(24*time.Hour + time.Minute)),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func report(took time.Duration) error {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return err
	}
	cpu := time.Duration(used.Utime.Nano() + used.Stime.Nano())
	return json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"eventsPerSecond":   float64(*records) / took.Seconds(),
		"seconds":           took.Seconds(),
		"cpuMicrosPerEvent": float64(cpu.Nanoseconds()) / 1e3 / float64(*records),
		"rssMib":            float64(used.Maxrss) / 1024,
	})
}

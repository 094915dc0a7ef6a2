// The loop of a careful user of Java's clients: what a poll gave is mapped, written and committed together. Run from its source.

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class Loop {
  public static void main(String[] args) throws Exception {
    String brokers = args[0], from = args[1], to = args[2], group = args[3];
    Map<String, Object> read = new HashMap<>();
    read.put("bootstrap.servers", brokers);
    read.put("group.id", group);
    read.put("enable.auto.commit", false);
    read.put("auto.offset.reset", "earliest");
    read.put("max.poll.records", 5000);
    Map<String, Object> write = new HashMap<>();
    write.put("bootstrap.servers", brokers);
    write.put("acks", "all");
    try (
      var consumer = new KafkaConsumer<>(read, new ByteArrayDeserializer(), new ByteArrayDeserializer());
      var producer = new KafkaProducer<>(write, new ByteArraySerializer(), new ByteArraySerializer())
    ) {
      consumer.subscribe(List.of(from));
      while (true) {
        var records = consumer.poll(Duration.ofMillis(200));
        if (records.isEmpty()) continue;
        List<Future<?>> sent = new ArrayList<>(records.count());
        Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
          sent.add(producer.send(new ProducerRecord<>(to, record.key(), record.value().clone())));
          next.put(new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1));
        }
        producer.flush();
        for (Future<?> one : sent) one.get();
        consumer.commitSync(next);
      }
    }
  }
}
